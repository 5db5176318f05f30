import OstiaryCore
import OstiaryModels
import OstiaryTesting
import Testing

@testable import OstiaryServer

/// The places on the way of a call where something can fail while it is decided, and how a test makes it fail: through the
/// configuration, the key server, the provider and the bounds, never through the gate's own code.
enum FaultPoint: String, CaseIterable, Sendable, CustomTestStringConvertible {
    /// Nobody answers where the keys lie.
    case keysUnreachable = "jwks.fetch"
    /// What answers there is no key set.
    case keysUnreadable = "jwks.document"
    /// The set lacks the key that signed.
    case keyMissing = "jwks.key"
    /// The token cannot be verified.
    case signature = "identity.verify"
    /// The address has failed too often.
    case failures = "identity.failures"
    /// The caller lacks a scope.
    case scope = "charter.permit"
    /// The caller's rate is used up.
    case rate = "purse.reserve"
    /// Nobody offers the model.
    case model = "models.choose"
    /// No more bodies can be held.
    case memory = "models.hold"
    /// The provider's key is not there.
    case key = "vault.lend"
    /// Nobody answers where the provider is.
    case connect = "upstream.connect"

    var testDescription: String { rawValue }

    func keys(_ issuer: TestIssuer) throws -> KeySetHost {
        switch self {
        case .keysUnreachable: try KeySetHost(.document(TestIssuer.keySet(issuer)), isUp: false)
        case .keysUnreadable: try KeySetHost(.document(#"{"keys":"all of them"}"#))
        case .keyMissing: try KeySetHost(.document(TestIssuer.keySet(TestIssuer(name: "another"))))
        default: try KeySetHost(.document(TestIssuer.keySet(issuer)))
        }
    }

    func inject(_ configuration: inout Configuration) {
        switch self {
        case .failures: configuration.limits.failuresPerMinute = 1
        case .scope:
            for index in configuration.identity.jwt.indices {
                configuration.identity.jwt[index].scopes = [.chat: ["more"], .models: ["more"]]
            }
        case .rate:
            configuration.limits.requestsPerMinute = 1
            configuration.limits.burst = 1
        case .model: configuration.models = [GateRig.model("another", "main")]
        case .key:
            // A configuration that was read has one for each provider that wants one.
            for index in configuration.providers.indices { configuration.providers[index].key = nil }
        case .connect:
            for index in configuration.providers.indices where configuration.providers[index].kind != .echo {
                configuration.providers[index].baseURL = "http://127.0.0.1:1/v1"
            }
        case .keysUnreachable, .keysUnreadable, .keyMissing, .signature, .memory: break
        }
    }

    var held: HeldBodies { self == .memory ? HeldBodies(limit: 0) : HeldBodies() }

    /// What happens before the call that must be refused.
    func prepare(_ rig: GateRig) async throws {
        if self == .rate { _ = try await rig.ask("GET", "/v1/models", token: rig.token()) }
        if self == .failures { _ = try await rig.ask("GET", "/v1/models", token: "worse") }
    }

    func token(_ rig: GateRig) -> String {
        switch self {
        case .signature: TestIssuer().token(now: rig.clock.now)
        case .failures: "bad"
        default: rig.token()
        }
    }

    /// Whether calls on this route come to the point: the gate lists models by itself.
    func concerns(_ route: Route) -> Bool {
        switch self {
        case .model, .memory: route.access == .known(.chat)
        // Counts have a rate of their own.
        case .rate: route.kind != nil && route.api != .tokenCount
        // The tokens of a conversation are counted without its provider.
        case .key: route.access == .known(.chat) && route.api != .tokenCount
        // The body of these tests is no message, which is found out before anybody is asked.
        case .connect: route.access == .known(.chat) && ![.messages, .tokenCount].contains(route.api)
        default: route.kind != nil
        }
    }

    var refusal: GateError.Code {
        switch self {
        case .keysUnreachable, .keysUnreadable: .keysUnavailable
        case .keyMissing, .signature: .invalidToken
        case .failures: .tooManyFailures
        case .scope: .insufficientScope
        case .rate: .rateLimitExceeded
        case .model: .modelNotFound
        case .memory: .overloaded
        case .key: .credentialUnavailable
        case .connect: .upstreamUnreachable
        }
    }

    /// The number that counts it, beside the one of requests by status.
    var metric: String? {
        switch self {
        case .keysUnreachable, .keysUnreadable: #"gw_auth_total{method="jwt",result="keys_unavailable"}"#
        case .keyMissing: #"gw_auth_total{method="jwt",result="unknown_key"}"#
        case .signature: #"gw_auth_total{method="jwt",result="signature"}"#
        case .failures: #"gw_ratelimit_total{limit="failures",result="refused"}"#
        case .rate: #"gw_ratelimit_total{limit="rate",result="refused"}"#
        case .memory: "gw_held_bodies_refused_total"
        case .scope, .model, .key, .connect: nil
        }
    }
}
