import { Module, type DynamicModule } from '@nestjs/common';
import { DotNetController } from './dot-net.controller.js';
import { LabController } from './lab.controller.js';
import { LAB_OPTIONS, type LabOptions } from './lab-options.js';
import { Lab } from './lab.js';

/** A server that misbehaves on command, at `/lab`. */
@Module({})
export class LabModule {
  static register(options: LabOptions): DynamicModule {
    return {
      module: LabModule,
      controllers: [LabController, DotNetController],
      providers: [{ provide: LAB_OPTIONS, useValue: options }, Lab],
    };
  }
}
