import { proxyVariable } from '../../../../client/console/src/connection/proxy-variable.js';

describe('The proxy of the environment', () => {
  it.each([
    ['ws://a.example/', { http_proxy: 'x' }, 'http_proxy'],
    ['ws://a.example/', { HTTP_PROXY: 'x' }, 'HTTP_PROXY'],
    ['ws://a.example/', { HTTPS_PROXY: 'x' }, undefined],
    ['wss://a.example/', { HTTPS_PROXY: 'x', ALL_PROXY: 'y' }, 'HTTPS_PROXY'],
    ['wss://a.example/', { https_proxy: 'x', HTTPS_PROXY: 'y' }, 'https_proxy'],
    ['wss://a.example/', { HTTP_PROXY: 'x' }, undefined],
    ['wss://a.example/', { HTTPS_PROXY: '', ALL_PROXY: 'x' }, 'ALL_PROXY'],
    ['wss://a.example/', {}, undefined],
    ['ws://localhost:5000/', { ALL_PROXY: 'x' }, undefined],
    ['ws://a.localhost/', { ALL_PROXY: 'x' }, undefined],
    ['ws://127.1.2.3/', { ALL_PROXY: 'x' }, undefined],
    ['ws://[::1]/', { ALL_PROXY: 'x' }, undefined],
    ['ws://128.0.0.1/', { ALL_PROXY: 'x' }, 'ALL_PROXY'],
  ])('for %s with %j is in %s', (url, environment, variable) => {
    expect(proxyVariable(new URL(url), environment)).toBe(variable);
  });

  it.each([
    ['ws://a.example/', '*'],
    ['ws://a.example/', 'b.example, a.example'],
    ['ws://a.example/', 'b.example a.example'],
    ['ws://a.example/', 'A.Example'],
    ['ws://a.example/', 'example'],
    ['ws://a.example/', '.example'],
    ['ws://a.example/', '*.example'],
    ['ws://a.example/', 'a.example:80'],
    ['wss://a.example/', 'a.example:443'],
    ['ws://a.example:5000/', 'a.example:5000'],
    ['ws://10.1.2.3/', '10.1.2.3'],
    ['ws://10.1.2.3/', '10.0.0.0/8'],
    ['ws://10.1.2.3:81/', '10.1.2.3:81'],
    ['ws://[fd00::1]/', 'fd00::1'],
    ['ws://[fd00::1]/', 'fd00:0:0::1'],
    ['ws://[fd00::1]/', 'fd00::/8'],
    ['ws://[fd00::1]/', '[fd00::1]:80'],
  ])('is not used for %s when NO_PROXY is %s', (url, exceptions) => {
    const proxies = { HTTP_PROXY: 'x', HTTPS_PROXY: 'x' };

    expect(proxyVariable(new URL(url), { ...proxies, NO_PROXY: exceptions })).toBeUndefined();
    expect(proxyVariable(new URL(url), { ...proxies, no_proxy: exceptions })).toBeUndefined();
  });

  it.each([
    ['ws://a.example/', ''],
    ['ws://a.example/', ' , '],
    ['ws://a.example/', 'b.example'],
    ['ws://aexample/', 'example'],
    ['ws://a.example/', 'a.example:81'],
    ['ws://a.example/', '10.0.0.0/8'],
    ['ws://11.1.2.3/', '10.0.0.0/8'],
    ['ws://10.1.2.3/', '10.0.0.0/33'],
    ['ws://10.1.2.3/', '1.2.3'],
    ['ws://10.1.2.3/', 'fd00::/8'],
    ['ws://[fd00::1]/', 'fe80::/10'],
    ['ws://[fd00::1]/', '[fd00::1]:81'],
  ])('is used for %s when NO_PROXY is %j', (url, exceptions) => {
    expect(proxyVariable(new URL(url), { HTTP_PROXY: 'x', NO_PROXY: exceptions })).toBe('HTTP_PROXY');
  });
});
