import Crypto
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryIdentity

// SEC-201
/// The shared tokens, each with the one right answer.
@Suite(.enabled(if: Vectors.has("jwt"), "\(Vectors.comment("jwt"))"))
struct JWTVectorTests {
    struct File: Decodable {
        let now: Double
        let cases: [Case]
    }

    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        struct Request: Decodable, Sendable {
            let method: String
            let url: String
        }

        let id: String
        let profile: String
        let expect: String
        let reason: String?
        let token: String
        let sequence: [String]?
        let request: Request?
        let access_token: String?

        var testDescription: String { id }
    }

    static let files = Vectors.files("jwt") { $0.hasPrefix("cases") && $0.hasSuffix(".json") }

    /// A judge of one profile; `nil` means accepted.
    typealias Judge = (Case) async throws -> TokenFault?

    /// The members of a document of the folder.
    func object(_ file: String) throws -> JSONObject {
        try #require(try JSONReader.read(Vectors.bytes("jwt", file)).object)
    }

    func strings(_ value: JSONValue?) -> [String] { value?.array?.compactMap(\.string) ?? [] }

    func judge(_ profile: JSONObject, now: Double) throws -> Judge {
        let sets = try object("jwks.json")
        let algorithms = strings(profile["algs"]).compactMap(SignatureAlgorithm.init(named:))
        func keys(_ name: String?) throws -> [UInt8] { JSONWriter.write(try #require(name.flatMap { sets[$0] })) }

        if let issuers = profile["issuers"]?.object {
            let trusted = try issuers.members.map { issuer in
                var policy = TokenPolicy()
                policy.issuer = issuer.name
                policy.algorithms = algorithms
                policy.audiences = strings(profile["audiences"])
                let server = KeySetServer(.document(try keys(issuer.value.string)))
                let source = try #require(FetchedKeySet(url: "https://keys.example", fetcher: server))
                return TrustedIssuer(policy: policy, source: source)
            }
            let clock = ManualClock(now: now)
            let verifier = try TokenVerifier(
                issuers: trusted,
                pseudonymKey: SymmetricKey(size: .bits256),
                clock: clock
            )
            return { item in
                try await fault { try await verifier.verify(Array(item.token.utf8)) }
            }
        }
        if let clients = profile["clients"]?.object {
            let known = try clients.members.map { client in
                AssertionClient(
                    id: client.name,
                    keys: try KeySet(document: try keys(client.value.string), allowing: algorithms)
                )
            }
            let verifier = AssertionVerifier(
                clients: known,
                audiences: strings(profile["audiences"]),
                store: MemoryReplayStore()
            )
            return { item in
                try await fault { try await verifier.verify(Array(item.token.utf8), now: UnixTime(seconds: now)) }
            }
        }
        let verifier = ProofVerifier(store: MemoryReplayStore())
        return { item in
            let request = try #require(item.request)
            let access = try #require(item.access_token)
            let claims = try JSONReader.read(JWS(compact: Array(access.utf8)).payload).object
            let bound = try #require(claims?["cnf"]?.object?["jkt"]?.string)
            return try await fault {
                try await verifier.verify(
                    Array(item.token.utf8),
                    method: request.method,
                    url: request.url,
                    accessToken: Array(access.utf8),
                    boundTo: bound,
                    now: UnixTime(seconds: now)
                )
            }
        }
    }

    func fault<Answer>(_ body: () async throws -> Answer) async throws -> TokenFault? {
        do {
            _ = try await body()
            return nil
        } catch let fault as TokenFault {
            return fault
        }
    }

    @Test(arguments: files)
    func everyTokenGetsTheRightAnswer(file: String) async throws {
        let cases = try Vectors.decode(File.self, "jwt", file)
        let profiles = try object("profiles.json")
        var judged = 0
        var judges: [String: Judge] = [:]
        for item in cases.cases {
            let profile = try #require(profiles[item.profile]?.object, "\(item.id): no profile \(item.profile)")
            // Each sequence has a verifier of its own, as it is about what that one remembers.
            let kept = item.sequence == nil ? judges[item.profile] : nil
            let judge = try kept ?? judge(profile, now: cases.now)
            if item.sequence == nil { judges[item.profile] = judge }
            for expected in item.sequence ?? [item.expect] {
                let fault = try await judge(item)
                let answer = fault == nil ? "accept" : "reject"
                #expect(answer == expected, "\(item.id): \(fault.map { "\($0.cause)" } ?? "accepted")")
                // Only this one is told to the outside.
                if fault == .expired { #expect(item.reason == "expired", "\(item.id)") }
                judged += 1
            }
        }
        #expect(judged >= cases.cases.count)
        #expect(!cases.cases.isEmpty)
    }
}
