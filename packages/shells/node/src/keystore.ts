import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BaseError, IntegrityError, InvalidInputError, NotFoundError } from "@base/errors";
import type { Identity, Vault } from "@kernel/capability";
import { bytesToHex } from "viem";
import { privateKeyToAccount } from "viem/accounts";

/** A key of this name could not be opened: wrong password or damaged file. */
export class KeyLockedError extends BaseError {
  override name = "KeyLockedError";
}

/** One key on disk: scrypt (RFC 7914) from the password, AES-256-GCM over the 32 key bytes. */
interface KeyFile {
  readonly version: 1;
  readonly name: string;
  readonly address: string;
  readonly kdf: {
    readonly name: "scrypt";
    readonly n: number;
    readonly r: number;
    readonly p: number;
    readonly salt: string;
  };
  readonly cipher: { readonly name: "aes-256-gcm"; readonly iv: string; readonly tag: string; readonly text: string };
}

const scrypt = { n: 1 << 14, r: 8, p: 1 };

/** Keys of one data folder, encrypted at rest; each is opened on first use and never leaves its account. */
export class Keystore {
  readonly #dir: string;
  readonly #password: string;
  readonly #open = new Map<string, Identity>();
  #derived: { salt: string; key: Buffer } | undefined;

  /**
   * @param dir folder of the key files, made when absent (mode 0700).
   * @param password protects new keys and opens old ones; without one a random secret is kept
   *   beside the keys in a file only its owner can read, which is enough for a devnet.
   */
  constructor(dir: string, password?: string) {
    this.#dir = dir;
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    this.#password = password ?? localSecret(join(dir, ".secret"));
  }

  /** Names of the keys, sorted. */
  names(): string[] {
    return readdirSync(this.#dir)
      .filter((file) => file.endsWith(".json"))
      .map((file) => file.slice(0, -5))
      .sort();
  }

  has(name: string): boolean {
    return this.#open.has(name) || existsSync(this.#path(name));
  }

  /** The identity of this name; throws NotFoundError that lists the names there are. */
  get(name: string): Identity {
    const opened = this.#open.get(name);
    if (opened) return opened;
    if (!this.has(name)) {
      throw new NotFoundError(`There is no key named "${name}".`, {
        hints: [`Known keys: ${this.names().join(", ") || "none"}.`, `Make one with: assay keys new ${name}`],
        data: { name },
      });
    }
    return this.#remember(name, this.#unwrap(this.#path(name), name));
  }

  /** The identity of this name, made with a fresh random key where there is none. */
  ensure(name: string): Identity {
    return this.has(name) ? this.get(name) : this.create(name);
  }

  /** Makes a new key; throws InvalidInputError where the name is taken or unusable. */
  create(name: string, privateKey: Uint8Array = randomBytes(32)): Identity {
    if (!/^[a-z0-9][a-z0-9-]{0,40}$/.test(name)) {
      throw new InvalidInputError(`"${name}" is no usable key name.`, {
        hints: ["Use lower-case letters, digits and dashes."],
      });
    }
    if (this.has(name)) throw new InvalidInputError(`The key "${name}" exists already.`);
    const identity = this.#remember(name, privateKey);
    this.#wrap(this.#path(name), name, identity.address, privateKey);
    return identity;
  }

  #wrap(path: string, name: string, address: string, secret: Uint8Array): void {
    const { salt, key } = this.#deriveNew();
    const iv = randomBytes(12);
    const cipher = createCipheriv("aes-256-gcm", key, iv).setAAD(Buffer.from(name));
    const text = Buffer.concat([cipher.update(secret), cipher.final()]);
    const file: KeyFile = {
      version: 1,
      name,
      address,
      kdf: { name: "scrypt", ...scrypt, salt },
      cipher: {
        name: "aes-256-gcm",
        iv: iv.toString("hex"),
        tag: cipher.getAuthTag().toString("hex"),
        text: text.toString("hex"),
      },
    };
    writeFileSync(`${path}.tmp`, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600, flush: true });
    renameSync(`${path}.tmp`, path);
  }

  /** 32 secret bytes under this name, for keys that are no wallet's; made where there are none. */
  secret(name: string): Uint8Array {
    this.ensure(name);
    return this.#unwrap(this.#path(name), name);
  }

  /** Keys of 32 bytes for sealed assets, each wrapped like an identity's key, in `sealing/` beside these. */
  vault(): Vault {
    const path = (name: string) => {
      if (!/^[a-z0-9]{1,80}$/.test(name)) throw new InvalidInputError(`"${name}" is no name of a sealing key.`);
      return join(this.#dir, "sealing", `${name}.json`);
    };
    return {
      ensure: async (name) => {
        if (existsSync(path(name))) return this.#unwrap(path(name), name);
        mkdirSync(join(this.#dir, "sealing"), { recursive: true, mode: 0o700 });
        const secret = new Uint8Array(randomBytes(32));
        this.#wrap(path(name), name, "", secret);
        return secret;
      },
      open: async (name) => {
        if (existsSync(path(name))) return this.#unwrap(path(name), name);
        throw new NotFoundError("This node does not hold the key of these sealed bytes.", {
          hints: ["The node of the publisher does: copy `keys/sealing` from there, with its password."],
          data: { name },
        });
      },
    };
  }

  #path(name: string): string {
    return join(this.#dir, `${name}.json`);
  }

  #remember(name: string, privateKey: Uint8Array): Identity {
    const account = privateKeyToAccount(bytesToHex(privateKey));
    const identity: Identity = { name, address: account.address, account };
    this.#open.set(name, identity);
    return identity;
  }

  /** One salt serves all keys that this process makes: each file has its own nonce. */
  #deriveNew(): { salt: string; key: Buffer } {
    this.#derived ??= (() => {
      const salt = randomBytes(16).toString("hex");
      return { salt, key: derive(this.#password, salt, scrypt) };
    })();
    return this.#derived;
  }

  #unwrap(path: string, name: string): Uint8Array {
    let file: KeyFile;
    try {
      file = JSON.parse(readFileSync(path, "utf8")) as KeyFile;
    } catch (cause) {
      throw new IntegrityError(`The key file of "${name}" is not readable.`, { cause, details: path });
    }
    const { kdf, cipher } = file;
    const key = this.#derived?.salt === kdf.salt ? this.#derived.key : derive(this.#password, kdf.salt, kdf);
    this.#derived ??= { salt: kdf.salt, key };
    try {
      const decipher = createDecipheriv("aes-256-gcm", key, Buffer.from(cipher.iv, "hex")).setAAD(Buffer.from(name));
      decipher.setAuthTag(Buffer.from(cipher.tag, "hex"));
      return Buffer.concat([decipher.update(Buffer.from(cipher.text, "hex")), decipher.final()]);
    } catch (cause) {
      throw new KeyLockedError(`The key "${name}" does not open with this password.`, {
        cause,
        hints: ["Set ASSAY_PASSWORD to the password the key was made with."],
      });
    }
  }
}

function derive(password: string, salt: string, cost: { n: number; r: number; p: number }): Buffer {
  return scryptSync(password, Buffer.from(salt, "hex"), 32, {
    N: cost.n,
    r: cost.r,
    p: cost.p,
    maxmem: 256 * cost.n * cost.r,
  });
}

function localSecret(path: string): string {
  if (!existsSync(path)) {
    writeFileSync(path, randomBytes(32).toString("hex"), { mode: 0o600, flag: "wx", flush: true });
  }
  chmodSync(path, 0o600);
  return readFileSync(path, "utf8").trim();
}
