# syntax=docker/dockerfile:1

# Three stages, so that neither the compiler nor the tests' browser driver ever reach the image that runs.
# `npm ci` never runs install scripts here: none is needed (bufferutil, the one native package that is used at run
# time, brings prebuilt binaries and has a fallback in JavaScript), and without them no code of a dependency runs as
# root while the image is built, and nobody tries to compile on an image that has no compiler.

FROM node:24-slim AS build
WORKDIR /app
# The files that decide what gets installed come alone: the layer stays cached while only source changes.
COPY package.json package-lock.json ./
COPY libs/websockets/package.json ./libs/websockets/
COPY client/console/package.json ./client/console/
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.package.json tsconfig.build.json nest-cli.json ./
COPY src ./src
COPY libs ./libs
COPY client ./client
RUN npm run build

FROM node:24-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
COPY libs/websockets/package.json ./libs/websockets/
COPY client/console/package.json ./client/console/
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:24-slim

# Where the image comes from is known to whoever builds it: --build-arg SOURCE=https://... --build-arg REVISION=$(git rev-parse HEAD)
ARG SOURCE=""
ARG REVISION=""
LABEL org.opencontainers.image.title="nest-ws-echo" \
      org.opencontainers.image.description="Raw WebSockets for NestJS with ASP.NET Core's model: a streaming echo server and the library it is built on" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.revision="${REVISION}"

# PORT and not URLS: it makes the server listen on every interface of the container, gives way to a PORT that the
# platform sets, and still leaves URLS and --urls, which come first, to whoever runs the image.
ENV NODE_ENV=production \
    PORT=5000
EXPOSE 5000

# Everything stays owned by root, so the server cannot change its own code.
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
# The two packages of this repository, to which links in node_modules point.
COPY --from=build /app/libs/websockets/dist ./libs/websockets/dist
COPY --from=build /app/client/console/dist ./client/console/dist
COPY package.json ./
COPY libs/websockets/package.json ./libs/websockets/
COPY client/console/package.json ./client/console/
COPY scripts/healthcheck.mjs ./scripts/
# The user node, by its number: Kubernetes cannot see whether a name is root (runAsNonRoot).
USER 1000:1000

# The exec form makes node process 1, so SIGTERM reaches it and open sockets get their 1001 before it leaves.
# Give it more than DRAIN_DELAY, DRAIN_SPREAD and SHUTDOWN_TIMEOUT together, 30 s by default (docker run --stop-timeout 35).
# It writes no files, so its root file system may be read-only (docker run --read-only). Only where it serves https without
# TLS_CERT it keeps the development certificate, and goes on without that if it cannot.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["node", "scripts/healthcheck.mjs"]
CMD ["node", "dist/src/main.js"]
