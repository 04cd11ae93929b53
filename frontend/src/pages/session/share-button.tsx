import { Button, Modal, Tooltip } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { useState } from "react";
import type { Session } from "../../api/tracing";
import { IconLink } from "../../ui/icons";
import { ShareForm } from "./share-form";
import { ShareList } from "./share-list";
import classes from "./share.module.css";

/** Opens the session to others; who may not do that copies its address for people who see it anyway. */
export function ShareButton({ session, may }: { session: Session; may: boolean }) {
  const [opened, setOpened] = useState(false);
  if (!may) return <CopyAddress label="Copy address" />;
  return (
    <>
      <Button variant="default" leftSection={<IconLink size={14} />} onClick={() => setOpened(true)} data-testid="session-share">
        Share…
      </Button>
      <Modal opened={opened} onClose={() => setOpened(false)} title="Share this session" size="lg">
        {opened && (
          <div className={classes.dialog}>
            <ShareForm session={session} />
            <ShareList session={session.id} />
            <div className={classes.address}>
              <span>Team {session.team}, and whoever it is shared with, opens it at its address.</span>
              <CopyAddress label="Copy address" />
            </div>
          </div>
        )}
      </Modal>
    </>
  );
}

function CopyAddress({ label }: { label: string }) {
  const clipboard = useClipboard({ timeout: 1500 });
  const { origin, pathname } = window.location;
  return (
    <Tooltip label="Whoever may see the session sees all of this there">
      <Button variant="default" leftSection={<IconLink size={14} />} onClick={() => clipboard.copy(origin + pathname)}>
        {clipboard.copied ? "Copied" : label}
      </Button>
    </Tooltip>
  );
}
