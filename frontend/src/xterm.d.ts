// The package names a module file that it does not ship; the one that it ships has no types of its own.
declare module "@xterm/headless/lib-headless/xterm-headless.mjs" {
  export * from "@xterm/headless";
}
