import {
  ActionIcon,
  Button,
  Drawer,
  Menu,
  Modal,
  NumberInput,
  PasswordInput,
  SegmentedControl,
  Select,
  Switch,
  TagsInput,
  TextInput,
  Tooltip,
  convertCssVariables,
  createTheme,
  defaultCssVariablesResolver,
  defaultVariantColorsResolver,
  mergeMantineTheme,
  DEFAULT_THEME,
  type CSSVariablesResolver,
  type VariantColorsResolver,
} from "@mantine/core";

const small = { defaultProps: { size: "xs" } };
// Help below the field: fields of one row line up whatever their help says.
const order: ("label" | "input" | "description" | "error")[] = ["label", "input", "description", "error"];
const field = { size: "xs", inputWrapperOrder: order };
// The page itself never scrolls, so dialogs need not lock it (the lock injects a style element).
const overlay = {
  defaultProps: { lockScroll: false, transitionProps: { duration: 120 }, closeButtonProps: { "aria-label": "Close" } },
};

/** The accent is light on dark and dark on light, so its text is not the same in both. */
const variantColors: VariantColorsResolver = (input) => {
  const colors = defaultVariantColorsResolver(input);
  if (input.variant !== "filled" || (input.color !== undefined && input.color !== "trace")) return colors;
  return { ...colors, background: "var(--accent)", hover: "var(--accent-strong)", color: "var(--on-accent)" };
};

export const theme = createTheme({
  fontFamily: "var(--sans)",
  fontFamilyMonospace: "var(--mono)",
  defaultRadius: "sm",
  primaryColor: "trace",
  primaryShade: { light: 7, dark: 4 },
  variantColorResolver: variantColors,
  cursorType: "pointer",
  colors: {
    trace: ["#e0f7f9", "#c2eef2", "#97e2e8", "#6fd8e0", "#4dd0da", "#2bb3be", "#1593a0", "#08707c", "#075c66", "#054850"],
    dark: ["#e5ecee", "#c9d3d7", "#a9b7bd", "#83939b", "#3b4951", "#263138", "#1a2328", "#131a1e", "#0c1013", "#080b0d"],
  },
  radius: { xs: "2px", sm: "4px", md: "6px", lg: "8px", xl: "12px" },
  components: {
    ActionIcon: ActionIcon.extend({ defaultProps: { variant: "subtle", color: "gray", size: "md" } }),
    Button: Button.extend(small),
    Drawer: Drawer.extend(overlay),
    Menu: Menu.extend({ defaultProps: { shadow: "md", position: "bottom-end" } }),
    Modal: Modal.extend(overlay),
    NumberInput: NumberInput.extend({ defaultProps: field }),
    PasswordInput: PasswordInput.extend({ defaultProps: field }),
    SegmentedControl: SegmentedControl.extend(small),
    Select: Select.extend({ defaultProps: { ...field, allowDeselect: false } }),
    Switch: Switch.extend(small),
    TagsInput: TagsInput.extend(small),
    TextInput: TextInput.extend({ defaultProps: field }),
    Tooltip: Tooltip.extend({
      defaultProps: { withArrow: true, openDelay: 300, multiline: true, maw: 360, events: { hover: true, focus: true, touch: true } },
    }),
  },
});

const resolver: CSSVariablesResolver = (full) => {
  const base = defaultCssVariablesResolver(full);
  const ours = {
    "--mantine-color-body": "var(--panel)",
    "--mantine-color-text": "var(--ink)",
    "--mantine-color-dimmed": "var(--ink-3)",
    "--mantine-color-placeholder": "var(--ink-3)",
    "--mantine-color-error": "var(--bad)",
    "--mantine-color-anchor": "var(--accent)",
    "--mantine-color-default": "var(--raised)",
    "--mantine-color-default-hover": "var(--hover)",
    "--mantine-color-default-border": "var(--line-strong)",
    "--mantine-primary-color-contrast": "var(--on-accent)",
  };
  const { variables } = base;
  return {
    variables,
    light: { ...base.light, ...ours, "--mantine-color-scheme": "light" },
    dark: { ...base.dark, ...ours, "--mantine-color-scheme": "dark" },
  };
};

/** Theme variables as a constructed sheet: no style element, so no nonce and no HTML sink under the content policy. */
export function adoptTheme(): void {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(convertCssVariables(resolver(mergeMantineTheme(DEFAULT_THEME, theme)), ":root"));
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}

export function styleNonce(): string {
  return document.querySelector('meta[name="csp-nonce"]')?.getAttribute("content") ?? "";
}
