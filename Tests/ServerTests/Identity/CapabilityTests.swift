import Foundation
import OstiaryCore
import OstiaryIdentity
import OstiaryTesting
import Testing

@testable import OstiaryServer

/// Capability tokens through a whole gate.
@Suite(.enabled(if: Secp256k1.isAvailable, "libsecp256k1 is not installed"))
struct CapabilityTests {
    /// An account, a client and the gate, with their keys, and a folder for the gate's files.
    private final class Parties: Sendable {
        let folder: URL
        let gateKey = String(repeating: "c4", count: 32)
        let ownerKey = String(repeating: "a7", count: 32)
        let owner: Secp256k1SecretKey
        let client: Secp256k1SecretKey
        let gate: Secp256k1SecretKey

        init() throws {
            owner = try Secp256k1SecretKey(hex: Array(ownerKey.utf8).span)
            client = try Secp256k1SecretKey(copying: [UInt8](repeating: 9, count: 32).span)
            gate = try Secp256k1SecretKey(hex: Array(gateKey.utf8).span)
            folder = FileManager.default.temporaryDirectory.appendingPathComponent("ostiary-\(UUID().uuidString)")
            try FileManager.default.createDirectory(
                at: folder,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
            try Data(gateKey.utf8).write(to: folder.appendingPathComponent("gate.key"))
        }

        deinit { try? FileManager.default.removeItem(at: folder) }

        func configure(_ configuration: inout Configuration) {
            configuration.identity.nuc.key = .file(folder.path + "/gate.key")
            configuration.identity.nuc.accounts = [DID(owner.publicKey)]
            configuration.identity.nuc.revocations = folder.path + "/nuc/revoked.json"
        }

        /// What the account hands to the client.
        func delegation(uses: Int? = nil, at now: UnixTime) throws -> NucEnvelope {
            let account = DID(owner.publicKey)
            var root = NucMint.Wish(delegationTo: account, subject: account, command: .generate)
            root.expires = Int(now.seconds) + 3600
            let top = try NucEnvelope(NucMint(owner).make(root))
            var wish = NucMint.Wish(delegationTo: DID(client.publicKey), subject: account, command: .generate)
            wish.expires = Int(now.seconds) + 60
            if let uses {
                wish.meta = JSONObject(members: [.init(name: "usage_limit", value: .integer(uses))])
            }
            return try NucEnvelope(NucMint(owner).make(wish, on: top))
        }

        func call(_ delegation: NucEnvelope) -> String {
            let wish = NucMint.Wish(
                invocationFor: DID(gate.publicKey),
                subject: DID(owner.publicKey),
                command: .generate
            )
            return String(decoding: NucMint(client).make(wish, on: delegation), as: UTF8.self)
        }
    }

    @Test func `a delegated chain opens the door, and reaches nobody`() async throws {
        let parties = try Parties()
        try await GateRig.run(parties.configure) { rig async throws in
            let token = parties.call(try parties.delegation(at: rig.clock.now))
            #expect(try await rig.chat(token: token).status == 200)
            for path in ["/nuc/v1/chat/completions", "/v1/chat/completions"] {
                let answer = try await rig.ask("POST", path, token: token, body: GateRig.question("echo"))
                #expect(answer.status == 200)
            }
            // A JWT beside it is known as ever.
            #expect(try await rig.chat().status == 200)
            for bytes in rig.upstream.connections {
                #expect(!String(decoding: bytes, as: UTF8.self).contains(token.prefix(200)))
            }
            #expect(!rig.log.text.contains(token.suffix(60)))
            rig.clock.advance(60)
            let late = try await rig.chat(token: token)
            #expect(late.status == 401 && late.code == "nuc_token_expired")
            #expect(late["www-authenticate"]?.hasPrefix("Bearer") == true)
            try await rig.expectBalanced()
        }
    }

    @Test func `the public key is shown, below both paths and nowhere without one`() async throws {
        let parties = try Parties()
        let key = "\"" + Data(parties.gate.publicKey.compressed).base64EncodedString() + "\""
        try await GateRig.run(parties.configure) { rig async throws in
            for path in ["/v1/public_key", "/nuc/v1/public_key"] {
                let answer = try await rig.ask("GET", path)
                #expect(answer.status == 200 && answer.text == key)
            }
            for path in [
                "/nuc/nuc/v1/public_key", "/anthropic/v1/public_key", "/nuc/health", "/nuc/v1/messages/x", "/nuc",
            ] {
                #expect(try await rig.ask("GET", path).status == 401, "\(path)")
            }
        }
    }

    @Test func `of 64 requests on two connections exactly as many pass as the delegation allows`() async throws {
        let parties = try Parties()
        try await GateRig.run(parties.configure) { rig async throws in
            let delegation = try parties.delegation(uses: 10, at: rig.clock.now)
            let (passed, refused) = (Counter(), Counter())
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<64 {
                    group.addTask {
                        let answer = try await rig.ask(
                            "POST",
                            "/v1/chat/completions",
                            token: parties.call(delegation),
                            body: GateRig.question("echo")
                        )
                        if answer.status == 200 { passed.increment() }
                        if answer.status == 429, answer.code == "usage_limit_reached" { refused.increment() }
                    }
                }
                try await group.waitForAll()
            }
            #expect(passed.current == 10 && refused.current == 54)
            let answer = try await rig.chat("echo", token: parties.call(delegation))
            #expect(answer["retry-after"] == "60")
            // Looking is no use, and by another API it is one too.
            #expect(try await rig.ask("GET", "/v1/models", token: parties.call(delegation)).status == 200)
            let other = try await rig.ask(
                "POST",
                "/v1/responses",
                token: parties.call(delegation),
                body: #"{"model":"echo","input":"x"}"#
            )
            #expect(other.status == 429)
            try await rig.expectBalanced()
        }
    }

    @Test func `what is revoked is dead at the next look, and stays so when the list is gone or broken`() async throws {
        let parties = try Parties()
        try await GateRig.run(parties.configure) { rig async throws in
            let delegation = try parties.delegation(at: rig.clock.now)
            let token = parties.call(delegation)
            #expect(try await rig.chat("echo", token: token).status == 200)
            let file = try RevocationsFile(path: parties.folder.path + "/nuc/revoked.json")
            let root = try #require(delegation.tokens.last)
            let record = RevocationDocument.Record(
                hash: root.hash,
                revoked: Int(rig.clock.now.seconds),
                ends: Int(rig.clock.now.seconds) + 3600
            )
            #expect(try file.add(record, now: rig.clock.now))
            try await wait(for: "the list to be taken over") {
                rig.clock.advance(1)
                return rig.gate.rooms.revocations?.known.count == 1
            }
            let refused = try await rig.chat("echo", token: token)
            #expect(refused.status == 401 && refused.code == "nuc_token_revoked")
            let watched = try #require(rig.gate.rooms.revocations)
            try Data("{}".utf8).write(to: URL(fileURLWithPath: file.path))
            watched.refresh(rig.gate.rooms.journal)
            #expect(try await rig.metric("gw_nuc_revocations_good") == 0)
            #expect(try await rig.chat("echo", token: token).status == 401)
            try FileManager.default.removeItem(atPath: file.path)
            watched.refresh(rig.gate.rooms.journal)
            #expect(try await rig.chat("echo", token: token).status == 401)
        }
    }

    // SEC-602
    @Test func `a private key sent as a token is in no log and no answer`() async throws {
        let parties = try Parties()
        try await GateRig.run(parties.configure) { rig async throws in
            let answer = try await rig.chat("echo", token: parties.ownerKey)
            #expect(answer.status == 401 && answer.code == "nuc_private_key")
            #expect(answer["x-should-retry"] == "false" && answer.text.contains("openai<2.34"))
            #expect(!answer.text.contains(parties.ownerKey))
            _ = try await rig.entry(of: answer)
            #expect(!rig.log.text.lowercased().contains(parties.ownerKey))
            #expect(!rig.log.text.contains(parties.gateKey))
        }
    }

    @Test func `an invocation is good for one request where the configuration says so`() async throws {
        let parties = try Parties()
        try await GateRig.run({ configuration in
            parties.configure(&configuration)
            configuration.identity.nuc.isSingleUse = true
        }) { rig async throws in
            let token = parties.call(try parties.delegation(at: rig.clock.now))
            #expect(try await rig.chat("echo", token: token).status == 200)
            let again = try await rig.chat("echo", token: token)
            #expect(again.status == 401 && again.code == "nuc_token_replayed")
        }
    }
}
