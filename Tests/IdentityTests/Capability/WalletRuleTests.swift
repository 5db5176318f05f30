import OstiaryCore
import Testing

@testable import OstiaryIdentity

/// Tokens that eth-account 0.13 signed as typed data with the private key 0505….
@Suite(.enabled(if: Secp256k1.isAvailable, "libsecp256k1 is not installed"))
struct WalletRuleTests {
    private static let did = "did:ethr:0xd09Ad14080d4b257a819a4f579b8485Be88f086c"
    private static let people = #""iss":"\#(did)","aud":"\#(did)","sub":"\#(did)","cmd":"/nil/ai""#
    private static let invocation = #"{\#(people),"args":{"a":[1,"x"]},"exp":1790000060,"nonce":"00ff"}"#
    private static let delegation =
        #"{\#(people),"pol":[["==",".args.a",1]],"nbf":1790000000,"exp":1790000060,"nonce":"00ff","prf":[]}"#
    private static let invoked =
        "d6tNk8JGlIzLskHAzE0CFKC9cnTdRMxO9uqCzyq9H-kvuAAufoLx7syRC9uW4JsOXQpjhVYOZgpIKjqF8hqi-Rs"
    private static let delegated =
        "zhQWMw4aB_COFnBlU8R5qAapTcBbeQAIrlHLFBdpV1AkRHyXM40BhUP4qA_7WHTgLNZX2AK3QJdcutJqlYbSXBw"
    /// The same invocation, signed for a domain that calls itself NUD.
    private static let elsewhere =
        "ka9US6xL5pL7O996L2UgxA0jVPB56FLnyBui1ESJorolRU5tgaOCJtKOtXlPeZVCM2dWIJLH9JQLj5xE-G4lqRw"

    private static func header(_ kind: String, _ field: String, chain: Int = 1, domain: String = "NUC") -> String {
        let fields =
            ["iss", "aud", "sub", "cmd", field].map { ($0, "string") }
            + [("nbf", "uint256"), ("exp", "uint256"), ("nonce", "string"), ("prf", "string[]")]
        let types = fields.map { #"{"name":"\#($0.0)","type":"\#($0.1)"}"# }.joined(separator: ",")
        return #"{"typ":"nuc+eip712","alg":"ES256K","ver":"1.0.0","meta":{"domain":{"name":"\#(domain)","version":"1","#
            + #""chainId":\#(chain)},"primaryType":"\#(kind)","types":{"\#(kind)":[\#(types)]}}}"#
    }

    private static let invocationHeader = header("NucInvocationPayload", "args")

    private func verdict(
        _ header: String,
        _ payload: String,
        _ signature: String,
        wallets: WalletRule? = WalletRule(chains: [1])
    ) throws -> NucFault? {
        let parts = [header, payload].map { Base64URL.encode(Array($0.utf8)) } + [signature]
        var validator = NucValidator(roots: .init(issuers: nil), requirement: .none)
        validator.wallets = wallets
        let envelope = try NucEnvelope(Array(parts.joined(separator: ".").utf8))
        do throws(NucFault) {
            _ = try validator.validate(envelope, now: UnixTime(seconds: 1_790_000_000))
            return nil
        } catch {
            return error
        }
    }

    @Test func `a wallet's signature is believed where wallets are, and nowhere else`() throws {
        let header = Self.invocationHeader
        #expect(try verdict(header, Self.invocation, Self.invoked) == nil)
        let delegating = Self.header("NucDelegationPayload", "pol")
        #expect(try verdict(delegating, Self.delegation, Self.delegated) == nil)
        #expect(try verdict(header, Self.invocation, Self.invoked, wallets: nil) == .invalidSignatures)
        let others = WalletRule(chains: [5])
        #expect(try verdict(header, Self.invocation, Self.invoked, wallets: others) == .invalidSignatures)
    }

    @Test func `what was not signed is not believed`() throws {
        let header = Self.invocationHeader
        for (part, instead) in [
            ("/nil/ai", "/nil"), ("\"x\"", "\"y\""), ("1790000060", "1790000061"), ("00ff", "00fe"),
            // The payload's meta is not signed at all.
            ("\"nonce\"", "\"meta\":{\"usage_limit\":100},\"nonce\""), ("\"nonce\"", "\"meta\":null,\"nonce\""),
        ] {
            let payload = Self.invocation.replacing(part, with: instead)
            #expect(try verdict(header, payload, Self.invoked) == .invalidSignatures, "\(instead)")
        }
        #expect(try verdict(header, Self.invocation, Self.delegated) == .invalidSignatures)
        #expect(try verdict(header, Self.invocation, String(Self.invoked.dropLast(2)) + "Q") == .invalidSignatures)
    }

    @Test func `the header may not describe other types, another domain or another chain`() throws {
        let header = Self.invocationHeader
        let named = Self.header("NucInvocationPayload", "args", domain: "NUD")
        #expect(try verdict(named, Self.invocation, Self.elsewhere) == .invalidSignatures)
        for (part, instead) in [
            ("\"chainId\":1", "\"chainId\":1.0"), ("\"chainId\":1", "\"chainId\":1,\"salt\":\"a\""),
            ("{\"name\":\"prf\",\"type\":\"string[]\"}", "{\"name\":\"prf\",\"type\":\"string\"}"),
            ("{\"name\":\"iss\",\"type\":\"string\"},", ""), ("\"primaryType\":\"Nuc", "\"primaryType\":\"Nux"),
            ("\"types\":{", "\"types\":{\"Other\":[],"), ("\"version\":\"1\"", "\"version\":\"2\""),
            ("\"name\":\"iss\"", "\"name\":\"iss\",\"x\":1"),
        ] {
            let other = header.replacing(part, with: instead, maxReplacements: 1)
            #expect(other != header)
            #expect(try verdict(other, Self.invocation, Self.invoked) == .invalidSignatures, "\(instead)")
        }
        // The domain's own type may be described, as it is.
        let domain =
            #"{"name":"name","type":"string"},{"name":"version","type":"string"},"#
            + #"{"name":"chainId","type":"uint256"}"#
        let full = header.replacing("\"types\":{", with: "\"types\":{\"EIP712Domain\":[\(domain)],")
        #expect(try verdict(full, Self.invocation, Self.invoked) == nil)
    }
}
