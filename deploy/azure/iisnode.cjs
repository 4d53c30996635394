// What IIS starts, by web.config: iisnode require()s it, which it cannot do with the server's own ES module.
void import('../../dist/src/main.js');
