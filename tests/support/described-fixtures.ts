import type { Sent } from "./described-server.ts";
import { acmeHeader, type World } from "./described-world.ts";

/** What is really there for the examples of an operation, and who is to call it. */
export interface Fixture extends Pick<Sent, "key" | "cookie"> {
  /** In place of an example, by the name of the parameter or of the field of the body. */
  names?: Record<string, unknown>;
}

type Make = (world: World) => Promise<Fixture>;

const aKey: Make = async ({ newKey }) => ({ names: { id: (await newKey()).id } });

const aRuntime: Make = async ({ newKey, newRuntime }) => {
  const { id, secret } = await newRuntime((await newKey()).secret);
  return { names: { id }, key: secret };
};

const aUser: Make = async ({ newPerson }) => ({ names: { id: (await newPerson()).id } });

const aMember: Make = async ({ acme, newPerson }) => ({
  names: { id: acme, user_id: (await newPerson()).id },
});

const atAcme: Make = async ({ acme }) => ({ names: { id: acme } });

const addCredits = ({ acme, perform }: World) =>
  perform("addCredits", { path: { id: acme }, body: { kind: "grant", amount: 10 } });

/** A new rule asks at once, as acme has less; the one that is open before is declined. */
const aRecharge: Make = async ({ acme, perform }) => {
  const path = { id: acme };
  const open = await perform("listRecharges", { path, query: { state: "requested" } });
  for (const { id: recharge_id } of open.made.data) {
    await perform("declineRecharge", { path: { ...path, recharge_id } });
  }
  const body = { below: 1_000_000, add: 1, monthly_max: 1_000_000 };
  await perform("putRechargeRule", { path, body });
  const made = await perform("listRecharges", { path, query: { state: "requested" } });
  return { names: { id: acme, recharge_id: made.made.data[0]?.id } };
};

const allEvents = { url: "https://hooks.example.invalid/", event_types: null };

const aWebhook: Make = async ({ acme, perform }) => {
  const { made } = await perform("createWebhook", { path: { id: acme }, body: allEvents });
  return { names: { id: acme, webhook_id: made.id } };
};

const anInstanceWebhook: Make = async ({ perform }) => {
  const { made } = await perform("createInstanceWebhook", { body: allEvents });
  return { names: { webhook_id: made.id } };
};

const someDeliveries: Make = async ({ acme, perform, newKey }) => {
  const { made } = await perform("createWebhook", { path: { id: acme }, body: allEvents });
  await newKey();
  await newKey();
  const path = { id: acme, webhook_id: made.id };
  const listed = await perform("listDeliveries", { path });
  return { names: { ...path, delivery_id: listed.made.data[0]?.id } };
};

const someInstanceDeliveries: Make = async ({ perform, newKey }) => {
  const { made } = await perform("createInstanceWebhook", { body: allEvents });
  await newKey();
  await newKey();
  const path = { webhook_id: made.id };
  const listed = await perform("listInstanceDeliveries", { path });
  return { names: { ...path, delivery_id: listed.made.data[0]?.id } };
};

const aHold: Make = async (world) => {
  await addCredits(world);
  const { secret: key } = await world.newKey();
  const held = await world.perform("holdCredits", {
    headers: acmeHeader,
    body: { key, max_cost: 0.5 },
  });
  return { names: { id: held.made.hold.id } };
};

const newPrice = async ({ perform, newName }: World) => {
  const subject = `github/${newName("priced")}`;
  const { made } = await perform("setPrice", {
    body: { kind: "skill", subject, per_request: 0.01 },
  });
  return { id: made.id, subject };
};

const someUsage: Make = async ({ newKey, perform }) => {
  for (const { secret: key } of [await newKey(), await newKey()]) {
    await perform("verifyKey", { headers: acmeHeader, body: { key } });
  }
  return {};
};

/** Names are taken once, those of the examples too. */
const aNewName: Make = async ({ newName }) => ({ names: { slug: newName("example") } });

const aLink: Make = async ({ newInvitation }) => ({
  names: { token: (await newInvitation()).token },
});

/**
 * By the path of an operation. Each time the things are new, so that an operation may end them, and
 * lists have two of them, so that there is a second page. Other operations need nothing but `acme`.
 */
export const fixtures: Readonly<Record<string, Make>> = {
  "/v1/permissions/explain": async ({ newKey }) => ({ names: { key_id: (await newKey()).id } }),

  "/api-keys": async ({ newKey }) => {
    await newKey();
    await newKey();
    return {};
  },
  "/api-keys/{id}": aKey,
  "/api-keys/{id}/rotate": aKey,
  "/api-keys/revoke-batch": async ({ newKey }) => ({ names: { ids: [(await newKey()).id] } }),

  "/v1/runtimes/{id}": aRuntime,
  "/v1/runtimes/{id}/heartbeat": aRuntime,
  "/runtimes": async ({ newKey, newRuntime }) => {
    const { id, secret } = await newKey();
    await newRuntime(secret);
    await newRuntime(secret);
    return { names: { key_id: id } };
  },
  "/runtimes/{id}": async (world) => ({ names: (await aRuntime(world)).names ?? {} }),

  "/organizations": aNewName,
  "/organizations/{id}": async ({ newOrganization }) => {
    const { id, slug } = await newOrganization();
    return { names: { id, confirm: slug } };
  },
  "/organizations/{id}/members": async ({ acme, newPerson }) => {
    await newPerson();
    return { names: { id: acme } };
  },
  "/organizations/{id}/members/{user_id}": aMember,
  "/organizations/{id}/members/{user_id}/password-reset": aMember,
  // Ada belongs to acme, so it is another organization that can invite her.
  "/organizations/{id}/invitations": async ({ newOrganization, newInvitation }) => {
    const { id: organization } = await newOrganization();
    await newInvitation({ organization });
    await newInvitation({ organization });
    return { names: { id: organization } };
  },
  "/organizations/{id}/credits": atAcme,
  "/organizations/{id}/ledger": async (world) => {
    await addCredits(world);
    await addCredits(world);
    return atAcme(world);
  },
  "/organizations/{id}/ledger/export": atAcme,
  "/organizations/{id}/ledger/verify": atAcme,
  "/usage": someUsage,
  "/organizations/{id}/usage": async (world) => {
    await someUsage(world);
    return atAcme(world);
  },
  "/usage/export": someUsage,
  "/organizations/{id}/recharge-rule": async (world) => {
    const { names } = await atAcme(world);
    const body = { below: 1, add: 1, monthly_max: 1 };
    await world.perform("putRechargeRule", { path: { id: world.acme }, body });
    return { names: names ?? {} };
  },
  "/organizations/{id}/recharges": async (world) => {
    await aRecharge(world);
    await aRecharge(world);
    return atAcme(world);
  },
  "/organizations/{id}/recharges/{recharge_id}/decline": aRecharge,
  "/organizations/{id}/webhooks": async (world) => {
    await aWebhook(world);
    await aWebhook(world);
    return atAcme(world);
  },
  "/organizations/{id}/webhooks/{webhook_id}": aWebhook,
  "/organizations/{id}/webhooks/{webhook_id}/rotate-secret": aWebhook,
  "/organizations/{id}/webhooks/{webhook_id}/deliveries": someDeliveries,
  "/organizations/{id}/webhooks/{webhook_id}/deliveries/{delivery_id}/replay": someDeliveries,
  "/webhooks": async (world) => {
    await anInstanceWebhook(world);
    await anInstanceWebhook(world);
    return {};
  },
  "/webhooks/{webhook_id}": anInstanceWebhook,
  "/webhooks/{webhook_id}/rotate-secret": anInstanceWebhook,
  "/webhooks/{webhook_id}/deliveries": someInstanceDeliveries,
  "/webhooks/{webhook_id}/deliveries/{delivery_id}/replay": someInstanceDeliveries,
  "/v1/holds/{id}": aHold,
  "/v1/holds/{id}/settle": aHold,
  "/v1/holds/{id}/release": aHold,
  "/organizations/{id}/invitations/{invitation_id}": async ({ acme, newInvitation }) => ({
    names: { id: acme, invitation_id: (await newInvitation()).id },
  }),

  "/workspaces": async (world) => {
    await world.newWorkspace();
    await world.newWorkspace();
    return aNewName(world);
  },
  "/workspaces/{id}": async ({ newWorkspace }) => {
    const { id, slug } = await newWorkspace();
    return { names: { id, confirm: slug } };
  },

  "/teams": async (world) => {
    await world.newTeam();
    await world.newTeam();
    return aNewName(world);
  },
  "/teams/{id}": async ({ newTeam }) => ({ names: { id: (await newTeam()).id } }),
  "/teams/{id}/members": async ({ perform, newTeam, newPerson, ada }) => {
    const { id } = await newTeam();
    for (const { id: user_id } of [ada, await newPerson()]) {
      await perform("addTeamMember", { path: { id, user_id }, headers: acmeHeader });
    }
    return { names: { id } };
  },
  "/teams/{id}/members/{user_id}": async ({ newTeam, ada }) => ({
    names: { id: (await newTeam()).id, user_id: ada.id },
  }),

  "/hats": async ({ newName, newWorkspace, newHat }) => {
    const { id } = await newWorkspace();
    await newHat(id);
    await newHat(id);
    return { names: { workspace_id: id, slug: newName("example") } };
  },
  "/hats/{id}": async ({ newHat }) => ({ names: { id: (await newHat()).id } }),
  "/hats/{id}/wearers": async ({ perform, newHat, newTeam, ada }) => {
    const { id } = await newHat();
    for (const { id: wearer_id } of [ada, await newTeam()]) {
      await perform("putOnHat", { path: { id, wearer_id }, headers: acmeHeader });
    }
    return { names: { id } };
  },
  "/hats/{id}/wearers/{wearer_id}": async ({ newHat, newTeam }) => ({
    names: { id: (await newHat()).id, wearer_id: (await newTeam()).id },
  }),

  "/users": async ({ newPerson }) => {
    await newPerson();
    return {};
  },
  "/users/{id}": aUser,
  "/users/{id}/password-reset": aUser,

  "/plans": aNewName,
  "/plans/{slug}": async ({ newPlan }) => ({ names: { slug: (await newPlan()).slug } }),

  "/prices": async (world) => {
    await newPrice(world);
    await newPrice(world);
    return { names: { subject: `github/${world.newName("skill")}` } };
  },
  "/prices/end": async (world) => ({ names: { subject: (await newPrice(world)).subject } }),
  "/prices/{id}": async (world) => ({ names: { id: (await newPrice(world)).id } }),

  "/auth/logout": async ({ newSession }) => ({ cookie: (await newSession()).cookie }),
  "/auth/links/show": aLink,
  "/auth/links/use": aLink,
  "/auth/sessions": async ({ newPerson, newSession }) => {
    const { email, cookie } = await newPerson();
    await newSession(email);
    return { cookie };
  },
  "/auth/sessions/{id}": async ({ newSession }) => ({ names: { id: (await newSession()).id } }),
  "/auth/password": async ({ newPerson }) => ({ cookie: (await newPerson()).cookie }),
};
