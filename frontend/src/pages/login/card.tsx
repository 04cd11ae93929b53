import type { ReactNode, SyntheticEvent } from "react";
import { errorText } from "../../ui/parts";
import classes from "./login.module.css";

/** The sign-in card: a title, what went wrong, and a form. */
export function Card({ title, submit, error, children }: { title: string; submit: () => void; error: Error | null; children: ReactNode }) {
  const onSubmit = (event: SyntheticEvent): void => {
    event.preventDefault();
    submit();
  };
  return (
    <div className={classes.page}>
      <main className={classes.card}>
        <svg
          className={classes.screen}
          viewBox="0 0 360 76"
          preserveAspectRatio="none"
          aria-hidden="true"
          fill="none"
          stroke="currentColor"
        >
          <path d="M0 38h360M60 0v76M120 0v76M180 0v76M240 0v76M300 0v76" strokeWidth="1" strokeDasharray="1 4" opacity="0.35" />
          <path
            d="M0 44h70l9-6 8 6h40l8-30 12 52 9-40 6 18h44l8-6 9 6h36l7-18 10 26 8-14 5 6h71"
            strokeWidth="1.8"
            strokeLinejoin="round"
          />
        </svg>
        <form className={classes.form} onSubmit={onSubmit}>
          <h1>{title}</h1>
          {error !== null && (
            <p role="alert" className={classes.error} data-testid="login-error">
              {errorText(error)}
            </p>
          )}
          {children}
        </form>
      </main>
    </div>
  );
}
