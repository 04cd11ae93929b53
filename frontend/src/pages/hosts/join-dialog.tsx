import { Button, Modal, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { createJoinToken } from "../../api/fleet";
import { dateTime } from "../../format/clock";
import { CopyLine, errorText } from "../../ui/parts";
import parts from "../../ui/parts.module.css";

export function JoinDialog({ opened, close }: { opened: boolean; close: () => void }) {
  const [hostName, setHostName] = useState("");
  const create = useMutation({ mutationFn: createJoinToken });
  const leave = (): void => {
    create.reset();
    setHostName("");
    close();
  };
  return (
    <Modal opened={opened} onClose={leave} title="Join a host" size="lg">
      <div style={{ display: "grid", gap: 14 }}>
        <p>The command below lets one host join, once. Run it there as root; the host appears in the list within two seconds.</p>
        {create.data === undefined ? (
          <>
            <TextInput
              label="Only for the host of this name"
              description="Empty: whichever host runs it first."
              value={hostName}
              onChange={(event) => setHostName(event.currentTarget.value.trim())}
            />
            <Button onClick={() => create.mutate(hostName)} loading={create.isPending}>
              Make a join command
            </Button>
          </>
        ) : (
          <>
            <CopyLine text={create.data.command} label="Copy the join command" />
            <p className={parts.dim}>Good until {dateTime(create.data.expires_at)}, for one host. It is shown only now.</p>
          </>
        )}
        {create.error !== null && <p role="alert">{errorText(create.error)}</p>}
      </div>
    </Modal>
  );
}
