import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  gatewayMetadataOf,
  providersOf,
  subscribedMethodsOf,
} from '../../../../libs/websockets/src/nest/nest-internals.js';
import { platforms } from '../../../support/platforms.js';

class BaseGateway {
  @SubscribeMessage('inherited')
  inherited(): void {}

  silent(): void {}
}

@WebSocketGateway(8080, { path: '/own', custom: 7 })
class OwnPortGateway extends BaseGateway {
  @SubscribeMessage('own')
  own(): void {}
}

@WebSocketGateway()
class PlainGateway {}

@Injectable()
class Service {}

describe('providersOf', () => {
  const [[, createAdapter]] = platforms;

  it('returns the providers of every module, with their classes, instances and modules', async () => {
    @Module({ providers: [Service] })
    class FeatureModule {}
    @Module({ imports: [FeatureModule] })
    class AppModule {}

    const app = await NestFactory.create(AppModule, createAdapter(), { logger: false });
    const [found] = providersOf(app).filter(({ token }) => token === Service);
    expect(found).toMatchObject({ metatype: Service, isTransient: false });
    expect(found.instance).toBeInstanceOf(Service);
    expect(found.host?.name).toBe('FeatureModule');
    expect(found.isDependencyTreeStatic()).toBe(true);
    await app.close();
  });
});

describe('gatewayMetadataOf', () => {
  it.each([
    [OwnPortGateway, { port: 8080, options: { path: '/own', custom: 7 } }],
    [PlainGateway, { port: 0, options: {} }],
    [Service, undefined],
  ])('returns the metadata of the decorator of %p', (type, metadata) => {
    expect(gatewayMetadataOf(type)).toEqual(metadata);
  });
});

describe('subscribedMethodsOf', () => {
  it.each([
    [new OwnPortGateway(), ['inherited', 'own']],
    [new PlainGateway(), []],
  ])('returns the methods with @SubscribeMessage in %p', (instance, methods) => {
    expect(subscribedMethodsOf(instance).toSorted()).toEqual(methods);
  });
});
