import { Module, type DynamicModule, type FactoryProvider, type ModuleMetadata } from '@nestjs/common';
import { DEPENDENCIES, HealthController, type Dependencies } from './health.controller.js';

/** Serves `/health/live`, `/health/ready` and `/health/startup`, for orchestrators and load balancers. */
@Module({ controllers: [HealthController] })
export class HealthModule {
  /** @param dependencies what the server uses but can go on without: the answers tell whether it is reached */
  static register({
    imports,
    ...factory
  }: Pick<ModuleMetadata, 'imports'> & Omit<FactoryProvider<Dependencies>, 'provide'>): DynamicModule {
    return { module: HealthModule, imports, providers: [{ provide: DEPENDENCIES, ...factory }] };
  }
}
