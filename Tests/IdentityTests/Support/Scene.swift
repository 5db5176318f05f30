import Crypto
import OstiaryCore
import OstiaryTesting
import Synchronization

@testable import OstiaryIdentity

/// A verifier of one issuer, its key-set server and its clock.
struct Scene: Sendable {
    let signer: Signer
    let server: KeySetServer
    let clock: ManualClock
    let verifier: TokenVerifier
    let authenticator: BearerAuthenticator
    let notices: Notices

    static func policy() -> TokenPolicy {
        var policy = TokenPolicy()
        policy.issuer = "https://idp.example"
        policy.audiences = ["https://gate.example"]
        return policy
    }

    init(
        signer: Signer = Signer("es-1"),
        keys: [UInt8]? = nil,
        mode: KeySetServer.Mode? = nil,
        policy: TokenPolicy = Scene.policy()
    ) throws {
        self.signer = signer
        server = KeySetServer(mode ?? .document(keys ?? document(signer.jwk())))
        clock = ManualClock(now: Double(start))
        let notices = Notices()
        self.notices = notices
        guard let source = FetchedKeySet(url: "https://idp.example/keys", fetcher: server) else {
            throw TokenPolicy.Fault.noIssuer
        }
        verifier = try TokenVerifier(
            issuers: [TrustedIssuer(policy: policy, source: source)],
            pseudonymKey: SymmetricKey(data: Array(repeating: 7, count: 32)),
            clock: clock,
            jitter: { 0.5 },
            notice: { notices.add($0) }
        )
        authenticator = BearerAuthenticator(verifier: verifier)
    }

    /// Why the verifier refuses `token`, or `nil` when it does not.
    func fault(_ token: String) async -> TokenFault? {
        await fault(Array(token.utf8))
    }

    func fault(_ token: [UInt8]) async -> TokenFault? {
        do throws(TokenFault) {
            _ = try await verifier.verify(token)
            return nil
        } catch {
            return error
        }
    }

    /// Why a token of these claims is refused.
    func fault(header: String? = nil, _ changes: [String: String?]) async throws -> TokenFault? {
        await fault(try signer.token(header: header, payload: claims(changes)))
    }

    func figure(_ name: String, _ label: String? = nil) -> Double? {
        authenticator.instruments.value(name, label)
    }

    var waiters: Double? { figure("gw_jwks_waiters") }
    var refusedWaiters: Double? { figure("gw_jwks_waiters_refused_total") }

    func good(_ name: String? = nil) throws -> String {
        try signer.token(
            header: name.map { #"{"alg":"ES256","kid":"\#($0)"}"# },
            payload: claims(["exp": "\(Int(clock.now.seconds) + 600)", "iat": "\(Int(clock.now.seconds))"])
        )
    }
}

func call(
    _ token: String?,
    place: Credential.Place = .authorization,
    certificate: ClientCertificate? = nil
) -> Call {
    Call(
        id: RequestID(high: 1, low: 2),
        method: .post,
        route: nil,
        query: [],
        credential: token.map { Credential(place: place, bytes: Array($0.utf8)) },
        certificate: certificate,
        peer: Peer(address: "192.0.2.1"),
        started: MonotonicTime(nanoseconds: 0)
    )
}

/// What the operator would have read.
final class Notices: Sendable {
    private let seen = Mutex<[KeySetNotice]>([])

    func add(_ notice: KeySetNotice) { seen.withLock { $0.append(notice) } }
    var all: [KeySetNotice] { seen.withLock { $0 } }

    var dropped: [JWK.Fault] {
        all.compactMap { if case .keyDropped(_, let fault) = $0 { fault } else { nil } }
    }
    var failed: [String] {
        all.compactMap { if case .refreshFailed(let result) = $0 { result } else { nil } }
    }
    var stale: Int {
        all.count { if case .stale = $0 { true } else { false } }
    }
}
