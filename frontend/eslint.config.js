import reactHooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["dist", "src/gen", "eslint.config.js"] },
  ...tseslint.configs.strictTypeChecked,
  reactHooks.configs.flat.recommended,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      // Handlers that are one call read better without braces.
      "@typescript-eslint/no-confusing-void-expression": "off",
      // Effects here open connections and hand over what they opened.
      "react-hooks/set-state-in-effect": "off",
      "max-lines": ["error", 400],
      "no-restricted-properties": ["error", { property: "innerHTML" }, { property: "outerHTML" }, { property: "dangerouslySetInnerHTML" }],
      "no-restricted-syntax": [
        "error",
        { selector: "NewExpression[callee.name='WebSocket']", message: "src/stream/socket.ts is the only file that knows WebSocket." },
        { selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']", message: "Values are text nodes only." },
        { selector: "CallExpression[callee.name='setInterval']", message: "No polling; ui/connection.tsx has the one clock." },
      ],
    },
  },
  { files: ["src/stream/socket.ts", "src/ui/connection.tsx"], rules: { "no-restricted-syntax": "off" } },
  { files: ["**/*.test.ts", "src/stream/testing.ts"], rules: { "@typescript-eslint/no-unsafe-assignment": "off" } },
);
