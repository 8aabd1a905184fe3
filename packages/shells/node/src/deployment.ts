import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { IntegrityError, InvalidInputError, NotFoundError } from "@base/errors";
import type { Capability, ContractDefinition, Deployed } from "@kernel/capability";
import type { Chain } from "@machines/chain";
import type { Address, LocalAccount } from "viem";
import { z } from "zod";

const fileSchema = z.object({
  chainId: z.number().int().positive(),
  contracts: z.record(
    z.string(),
    z.object({ address: z.string().regex(/^0x[0-9a-fA-F]{40}$/), block: z.string().regex(/^\d+$/) }),
  ),
});

/** The contracts of one chain by name, remembered in a file that other nodes can be given. */
export class Deployment {
  readonly #path: string;
  readonly #chain: Chain;
  readonly #definitions: ReadonlyMap<string, ContractDefinition>;
  readonly #known = new Map<string, Deployed>();

  /** @throws IntegrityError when the file belongs to another chain or is damaged. */
  constructor(path: string, chain: Chain, capabilities: readonly Capability[]) {
    this.#path = path;
    this.#chain = chain;
    this.#definitions = new Map(capabilities.flatMap((c) => c.contracts ?? []).map((d) => [d.name, d]));
    if (existsSync(path)) this.#read();
  }

  get path(): string {
    return this.#path;
  }

  get complete(): boolean {
    return [...this.#definitions.keys()].every((name) => this.#known.has(name));
  }

  entries(): [string, Deployed][] {
    return [...this.#known];
  }

  /** The contract of this name; throws NotFoundError that lists the names. */
  get(name: string): Deployed {
    const found = this.#known.get(name);
    if (found) return found;
    throw new NotFoundError(`No contract named "${name}" is deployed on chain ${this.#chain.chainId}.`, {
      hints: [`Deployed: ${[...this.#known.keys()].join(", ") || "none"}.`, "Deploy with: assay deploy"],
    });
  }

  /**
   * Deploys what is missing, in the order of the capabilities; each address is on disk before the next one starts,
   * so an interruption repeats at most one deployment.
   */
  async deploy(
    account: LocalAccount,
    settings: Readonly<Record<string, unknown>>,
    onStep: (name: string, done: number, total: number) => void = () => {},
  ): Promise<void> {
    const total = this.#definitions.size;
    let done = 0;
    for (const [name, definition] of this.#definitions) {
      onStep(name, done++, total);
      if (this.#known.has(name)) continue;
      const addresses: Record<string, Address> = {};
      for (const [known, deployed] of this.#known) addresses[known] = deployed.address;
      const receipt = await this.#chain.deploy(account, {
        abi: definition.abi,
        bytecode: await definition.bytecode(),
        args:
          definition.args?.(addresses, { ...settings, currency: settings["currency"] ?? addresses["Currency"] }) ?? [],
      });
      this.#known.set(name, { address: receipt.contractAddress, abi: definition.abi, block: receipt.blockNumber });
      this.#write();
    }
    onStep("", total, total);
  }

  /** Makes sure that every remembered address holds code; throws IntegrityError that names the first one that does not. */
  async check(): Promise<void> {
    for (const [name, { address }] of this.#known) {
      const code = await this.#chain.client.getCode({ address });
      if (!code || code === "0x") {
        throw new IntegrityError(
          `${name} should stand at ${address}, but chain ${this.#chain.chainId} has no code there.`,
          {
            details: this.#path,
            hints: ["Is this the right chain? If the devnet was reset, start with --fresh."],
          },
        );
      }
    }
  }

  #read(): void {
    let parsed: z.output<typeof fileSchema>;
    try {
      parsed = fileSchema.parse(JSON.parse(readFileSync(this.#path, "utf8")));
    } catch (cause) {
      throw new IntegrityError(`The deployment file ${this.#path} is not readable.`, { cause });
    }
    if (parsed.chainId !== this.#chain.chainId) {
      throw new InvalidInputError(
        `${this.#path} belongs to chain ${parsed.chainId}, but the node is connected to chain ${this.#chain.chainId}.`,
        { hints: ["Use another data folder (--dir) or the right --rpc-url."] },
      );
    }
    for (const [name, { address, block }] of Object.entries(parsed.contracts)) {
      const definition = this.#definitions.get(name);
      if (definition) this.#known.set(name, { address: address as Address, abi: definition.abi, block: BigInt(block) });
    }
  }

  #write(): void {
    const contracts = Object.fromEntries(
      [...this.#known].map(([name, d]) => [name, { address: d.address, block: d.block.toString() }]),
    );
    mkdirSync(dirname(this.#path), { recursive: true });
    writeFileSync(`${this.#path}.tmp`, `${JSON.stringify({ chainId: this.#chain.chainId, contracts }, null, 2)}\n`, {
      flush: true,
    });
    renameSync(`${this.#path}.tmp`, this.#path);
  }
}
