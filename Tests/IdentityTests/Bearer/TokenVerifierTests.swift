import Crypto
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryIdentity

@Suite struct TokenVerifierTests {
    let scene: Scene

    init() throws {
        scene = try Scene()
    }

    @Test func acceptsAPlainToken() async throws {
        let verified = try await scene.verifier.verify(Array(scene.good().utf8))
        let identity = verified.identity
        #expect(identity.issuer == "https://idp.example")
        #expect(identity.subject == "user-1")
        #expect(identity.means == .bearer(algorithm: "ES256"))
        #expect(identity.expires.seconds == Double(start + 630))
        #expect(identity.scopes.names == ["inference", "other"])
        #expect(identity.claims.object?["aud"]?.string == "https://gate.example")
        let key = SymmetricKey(data: Array(repeating: 7, count: 32))
        #expect(identity.pseudonym == Pseudonym(issuer: "https://idp.example", subject: "user-1", key: key))
    }

    // MARK: Header

    // SEC-201
    @Test(arguments: [
        "none", "None", "NONE", "nOnE", "none ", "", "es256", " ES256", "ES256 ", "ES256\\u0000", "HS256", "RS256",
        "ES384", "EdDSA", "\u{ff25}S256", "E\u{17f}256",
    ])
    func refusesAlgorithmsThatThePolicyDoesNotList(name: String) async throws {
        #expect(try await scene.fault(header: #"{"alg":"\#(name)","kid":"es-1"}"#, [:]) == .algNotAllowed)
    }

    // SEC-201
    @Test func refusesAnUnsignedToken() async throws {
        let payload = Base64URL.encode(Array(claims().utf8))
        for header in [#"{"alg":"none"}"#, #"{"alg":"ES256","kid":"es-1"}"#] {
            #expect(await scene.fault("\(Base64URL.encode(Array(header.utf8))).\(payload).") != nil)
        }
    }

    // SEC-201
    @Test func refusesAnHMACUnderPublicMaterial() async throws {
        let input =
            Base64URL.encode(Array(#"{"alg":"HS256","kid":"es-1"}"#.utf8)) + "."
            + Base64URL.encode(Array(claims().utf8))
        let key = SymmetricKey(data: Array(scene.signer.jwk().utf8))
        let mac = HMAC<SHA256>.authenticationCode(for: Array(input.utf8), using: key)
        #expect(await scene.fault("\(input).\(Base64URL.encode(Array(mac)))") == .algNotAllowed)
    }

    // SEC-201
    @Test(arguments: [#"["exp"]"#, "[]", #""exp""#, "null", #"["b64"]"#, #"["x","x"]"#, "{}"])
    func refusesCrit(value: String) async throws {
        #expect(try await scene.fault(header: #"{"alg":"ES256","kid":"es-1","crit":\#(value)}"#, [:]) == .crit)
    }

    @Test func readsTyp() async throws {
        for type in ["JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt", "Application/JWT"] {
            #expect(try await scene.fault(header: #"{"alg":"ES256","kid":"es-1","typ":"\#(type)"}"#, [:]) == nil)
        }
        for type in ["", "logout+jwt", "client-authentication+jwt", "dpop+jwt", "application/", "text/JWT", "JWT "] {
            #expect(try await scene.fault(header: #"{"alg":"ES256","kid":"es-1","typ":"\#(type)"}"#, [:]) == .typ)
        }
        #expect(try await scene.fault(header: #"{"alg":"ES256","kid":"es-1","cty":"JWT"}"#, [:]) == .typ)
        var policy = Scene.policy()
        policy.typeRequired = true
        let strict = try Scene(policy: policy)
        #expect(try await strict.fault([:]) == .typ)
        #expect(try await strict.fault(header: #"{"alg":"ES256","kid":"es-1","typ":"at+jwt"}"#, [:]) == nil)
    }

    // MARK: Keys

    // SEC-201
    @Test(arguments: ["ES-1", "es-1 ", "es-1\\u0000", "' OR 1=1", "../../dev/null", "https://attacker.example/k", ""])
    func refusesAnUnknownKeyName(name: String) async throws {
        #expect(try await scene.fault(header: #"{"alg":"ES256","kid":"\#(name)"}"#, [:]) == .unknownKey)
    }

    @Test func refusesAKeyNameOverTheLimit() async throws {
        let name = String(repeating: "k", count: 257)
        let scene = try Scene(keys: document(scene.signer.jwk(), scene.signer.jwk(#""kid":"\#(name)""#)))
        #expect(try await scene.fault(header: #"{"alg":"ES256","kid":"\#(name)"}"#, [:]) == .unknownKey)
        #expect(scene.server.fetches == 0)
    }

    // SEC-201
    @Test func neverUsesAKeyThatTheTokenBrings() async throws {
        let attacker = Signer("es-1")
        let more = [
            #""jwk":\#(attacker.jwk())"#, #""jku":"https://attacker.example/keys""#,
            #""x5u":"https://attacker.example/c""#, #""x5c":["AAAA"]"#,
        ]
        for member in more {
            let token = try attacker.token(header: #"{"alg":"ES256","kid":"es-1",\#(member)}"#, payload: claims())
            #expect(await scene.fault(token) == .signature)
            let genuine = try scene.signer.token(header: #"{"alg":"ES256","kid":"es-1",\#(member)}"#, payload: claims())
            #expect(await scene.fault(genuine) == nil)
        }
        #expect(scene.server.fetches == 1)
    }

    @Test func withoutAKeyNameTheOneKeyThatFitsIsMeant() async throws {
        let other = Signer("ed-1", .ed25519(Curve25519.Signing.PrivateKey()))
        let header = #"{"alg":"ES256"}"#
        let single = try Scene(signer: scene.signer, keys: document(scene.signer.jwk(), other.jwk()))
        #expect(try await single.fault(header: header, [:]) == nil)
        let two = try Scene(signer: scene.signer, keys: document(scene.signer.jwk(), Signer("es-2").jwk()))
        #expect(try await two.fault(header: header, [:]) == .ambiguousKey)
        let unnamed = try Scene(signer: scene.signer, keys: document(scene.signer.jwk("")))
        #expect(try await unnamed.fault(header: header, [:]) == nil)
    }

    @Test func refusesANameThatTwoKeysHave() async throws {
        let scene = try Scene(signer: scene.signer, keys: document(scene.signer.jwk(), Signer("es-1").jwk()))
        #expect(try await scene.fault([:]) == .ambiguousKey)
    }

    // SEC-201
    @Test func refusesAnAlgorithmThatIsNotTheKeys() async throws {
        let rsa = try #require(Signer.rsa)
        var policy = Scene.policy()
        policy.algorithms = [.es256, .rs256, .ps256, .edDSA]
        let keys = document(
            scene.signer.jwk(),
            rsa.jwk(#""kid":"rsa","alg":"RS256""#),
            Signer("ed-1", .ed25519(Curve25519.Signing.PrivateKey())).jwk()
        )
        let scene = try Scene(signer: scene.signer, keys: keys, policy: policy)
        #expect(try await scene.fault(header: #"{"alg":"RS256","kid":"es-1"}"#, [:]) == .algKeyMismatch)
        #expect(try await scene.fault(header: #"{"alg":"ES256","kid":"rsa"}"#, [:]) == .algKeyMismatch)
        #expect(try await scene.fault(header: #"{"alg":"EdDSA","kid":"es-1"}"#, [:]) == .algKeyMismatch)
        // The key is pinned to RS256, though PS256 is allowed and the signature genuine.
        let header = Array(#"{"alg":"PS256","kid":"rsa"}"#.utf8)
        let token = try rsa.token(header: header, payload: Array(claims().utf8), algorithm: "PS256")
        #expect(await scene.fault(token) == .algKeyMismatch)
        #expect(await scene.fault(try rsa.token(payload: claims())) == nil)
    }

    @Test func verifiesEveryAlgorithm() async throws {
        let rsa = try #require(Signer.rsa)
        var policy = Scene.policy()
        policy.algorithms = SignatureAlgorithm.allCases
        let signers: [(Signer, [String])] = [
            (Signer("a"), ["ES256"]),
            (Signer("b", .p384(P384.Signing.PrivateKey())), ["ES384"]),
            (Signer("c", .p521(P521.Signing.PrivateKey())), ["ES512"]),
            (Signer("d", .ed25519(Curve25519.Signing.PrivateKey())), ["EdDSA"]),
            (rsa, ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]),
        ]
        for (signer, algorithms) in signers {
            let scene = try Scene(signer: signer, policy: policy)
            for algorithm in algorithms {
                let header = Array(#"{"alg":"\#(algorithm)","kid":"\#(signer.name)"}"#.utf8)
                let payload = Array(claims().utf8)
                let token = try signer.token(header: header, payload: payload, algorithm: algorithm)
                #expect(await scene.fault(token) == nil, "\(algorithm)")
                var bytes = Array(token.utf8)
                let end = bytes.count - 20
                bytes[end] = bytes[end] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
                #expect(await scene.fault(bytes) == .signature, "\(algorithm)")
            }
        }
    }

    // SEC-201
    @Test func refusesSignaturesOfEveryOtherLengthAndShape() async throws {
        let token = try scene.good()
        let parts = token.split(separator: ".").map(String.init)
        let signature = try #require(Base64URL.decode(parts[2]))
        let der = Array(try P256.Signing.ECDSASignature(rawRepresentation: signature).derRepresentation)
        let others: [[UInt8]] = [
            [], Array(signature.dropLast()), signature + [0], Array(signature.prefix(32)), der,
            Array(repeating: 0, count: 64), Array(repeating: 0xff, count: 64),
            Array(signature.prefix(32)) + Array(repeating: 0, count: 32),
        ]
        for other in others {
            #expect(await scene.fault("\(parts[0]).\(parts[1]).\(Base64URL.encode(other))") == .signature)
        }
    }

    // MARK: Claims

    @Test func wantsTheClaimsThatDecide() async throws {
        for name in ["iss", "sub", "aud", "exp", "iat"] {
            #expect(try await scene.fault([name: nil]) == .missingClaim, "\(name)")
        }
    }

    @Test func wantsTheClaimsInTheirTypes() async throws {
        for value in ["null", "true", "{}", "[]", #""1800000600""#, "1e400"] {
            for name in ["exp", "iat", "nbf"] {
                #expect(try await scene.fault([name: value]) == .claimType, "\(name) \(value)")
            }
        }
        for value in ["null", "1", "{}", "[]", "\"\"", #""a\u0000b""#, #""a\u007fb""#, #""a\u0085b""#] {
            #expect(try await scene.fault(["sub": value]) == .claimType, "\(value)")
        }
        #expect(try await scene.fault(["sub": "\"\(String(repeating: "s", count: 255))\""]) == nil)
        #expect(try await scene.fault(["sub": "\"\(String(repeating: "s", count: 256))\""]) == .claimType)
        for value in ["null", "1", "{}", #"["https://gate.example",1]"#, #"["https://gate.example",null]"#] {
            #expect(try await scene.fault(["aud": value]) == .claimType, "\(value)")
        }
        for value in ["null", "1", #"["https://idp.example"]"#] {
            #expect(try await scene.fault(["iss": value]) == .claimType, "\(value)")
        }
        for value in ["1", "{}", "[1]", "null"] {
            #expect(try await scene.fault(["scope": value]) == .claimType, "\(value)")
        }
    }

    @Test func comparesIssuerAndAudienceByBytes() async throws {
        for value in ["https://idp.example/", "https://IDP.example", "https://\u{456}dp.example", "", "idp.example"] {
            #expect(try await scene.fault(["iss": "\"\(value)\""]) == .issuer, "\(value)")
        }
        for value in ["https://gate.example/", "https://Gate.example", "https://gate", "", "*"] {
            #expect(try await scene.fault(["aud": "\"\(value)\""]) == .audience, "\(value)")
        }
        #expect(try await scene.fault(["aud": "[]"]) == .audience)
        #expect(try await scene.fault(["aud": #"["other","https://gate.example"]"#]) == nil)
    }

    // SEC-005
    @Test func theLeewayEndsExactly() async throws {
        let leeway = 30
        #expect(try await scene.fault(["exp": "\(start - leeway + 1)"]) == nil)
        #expect(try await scene.fault(["exp": "\(start - leeway)"]) == .expired)
        #expect(try await scene.fault(["exp": "\(start - leeway).000001"]) == nil)
        #expect(try await scene.fault(["nbf": "\(start + leeway)"]) == nil)
        #expect(try await scene.fault(["nbf": "\(start + leeway + 1)"]) == .notYetValid)
        #expect(try await scene.fault(["iat": "\(start + leeway)"]) == nil)
        #expect(try await scene.fault(["iat": "\(start + leeway + 1)"]) == .notYetValid)
        #expect(try await scene.fault(["exp": "0"]) == .expired)
        #expect(try await scene.fault(["exp": "-1"]) == .expired)
    }

    @Test func boundsTheLifetime() async throws {
        #expect(try await scene.fault(["iat": "\(start)", "exp": "\(start + 86_400)"]) == nil)
        #expect(try await scene.fault(["iat": "\(start)", "exp": "\(start + 86_401)"]) == .lifetime)
        #expect(try await scene.fault(["exp": "1800000600000"]) == .lifetime)
        #expect(try await scene.fault(["exp": "1e300"]) == .lifetime)
        var policy = Scene.policy()
        policy.required = []
        let lax = try Scene(policy: policy)
        #expect(try await lax.fault(["iat": nil]) == nil)
        #expect(try await lax.fault(["iat": nil, "exp": "\(start + 86_401)"]) == .lifetime)
    }

    @Test func readsScopesInBothForms() async throws {
        func scopes(_ changes: [String: String?]) async throws -> [String] {
            let token = try scene.signer.token(payload: claims(changes))
            return try await scene.verifier.verify(Array(token.utf8)).identity.scopes.names
        }
        #expect(try await scopes(["scope": nil]).isEmpty)
        #expect(try await scopes(["scope": nil, "scp": #"["a","b"]"#]) == ["a", "b"])
        #expect(try await scopes(["scope": nil, "scp": #""a b""#]) == ["a", "b"])
        #expect(try await scopes(["scope": #""a""#, "scp": #""b""#]) == ["a"])
    }

    // MARK: Expired tokens

    @Test func saysExpiredOnlyOfGenuineTokens() async throws {
        _ = await scene.verifier.prime()
        let old = ["exp": "\(start - 3600)", "iat": "\(start - 7200)"]
        #expect(try await scene.fault(old) == .expired)
        #expect(await scene.fault(try Signer("es-1").token(payload: claims(old))) == .signature)
        #expect(try await scene.fault(header: #"{"alg":"ES256","kid":"new"}"#, old) == .expiredUnchecked)
        #expect(try await scene.fault(old.merging(["aud": "\"other\""]) { $1 }) == .audience)
        #expect(scene.server.fetches == 1)
    }

    // SEC-204
    @Test func aFloodOfExpiredTokensCostsFewSignatureChecks() async throws {
        _ = await scene.verifier.prime()
        let old = try scene.signer.token(payload: claims(["exp": "\(start - 3600)", "iat": "\(start - 7200)"]))
        func checks() -> Double { scene.figure("gw_signature_checks_total", "library") ?? 0 }
        for _ in 0..<100 { #expect(await scene.fault(old) == .expired) }
        #expect(checks() == 100)
        for _ in 0..<1000 { #expect(await scene.fault(old) == .expiredUnchecked) }
        #expect(checks() == 100)
        // Nobody else is the worse for it, and a moment later the answer is exact again.
        #expect(await scene.fault(try scene.good()) == nil)
        #expect(await scene.fault(try Signer("es-1").token(payload: claims())) == .signature)
        scene.clock.advance(0.0125)
        #expect(await scene.fault(old) == .expired)
        #expect(await scene.fault(old) == .expiredUnchecked)
    }

    @Test func neverFetchesKeysForTokensThatWouldNotDo() async throws {
        let unacceptable: [[String: String?]] = [
            ["exp": "\(start - 3600)", "iat": "\(start - 7200)"], ["aud": "\"other\""], ["iss": "\"other\""],
            ["nbf": "\(start + 3600)"], ["sub": nil],
        ]
        for changes in unacceptable { #expect(try await scene.fault(changes) != nil) }
        #expect(await scene.fault("a.b.c") != nil)
        #expect(scene.server.fetches == 0)
        #expect(try await scene.fault([:]) == nil)
        #expect(scene.server.fetches == 1)
    }

    // MARK: Several issuers

    // SEC-201
    @Test func looksKeysUpWithinTheIssuer() async throws {
        let one = Signer("shared")
        let two = Signer("shared")
        let clock = ManualClock(now: Double(start))
        var policies = [Scene.policy(), Scene.policy()]
        policies[1].issuer = "https://partner.example"
        let issuers = try zip(policies, [one, two]).map { policy, signer in
            let server = KeySetServer(.document(document(signer.jwk())))
            let source = try #require(FetchedKeySet(url: "https://x.example/k", fetcher: server))
            return TrustedIssuer(policy: policy, source: source)
        }
        let key = SymmetricKey(size: .bits256)
        let verifier = try TokenVerifier(issuers: issuers, pseudonymKey: key, clock: clock)
        let partner = ["iss": "\"https://partner.example\""]
        func identity(_ token: String) async throws -> Identity {
            try await verifier.verify(Array(token.utf8)).identity
        }
        let first = try await identity(one.token(payload: claims()))
        let second = try await identity(two.token(payload: claims(partner)))
        #expect(first.pseudonym != second.pseudonym)
        let crossed = try two.token(payload: claims())
        await #expect(throws: TokenFault.signature) { try await identity(crossed) }
        let crossedBack = try one.token(payload: claims(partner))
        await #expect(throws: TokenFault.signature) { try await identity(crossedBack) }
        #expect(verifier.keySets.count == 2)
    }

    @Test func refusesPoliciesThatWouldTrustTooMuch() throws {
        func fault(_ changes: ((inout TokenPolicy) -> Void)...) -> TokenPolicy.Fault? {
            let issuers = changes.compactMap { change -> TrustedIssuer? in
                var policy = Scene.policy()
                change(&policy)
                return FetchedKeySet(url: "https://x.example/k", fetcher: KeySetServer(.hang))
                    .map { TrustedIssuer(policy: policy, source: $0) }
            }
            do throws(TokenPolicy.Fault) {
                _ = try TokenVerifier(issuers: issuers, pseudonymKey: SymmetricKey(size: .bits256))
                return nil
            } catch {
                return error
            }
        }
        #expect(fault({ _ in }) == nil)
        #expect(fault({ $0.issuer = nil }) == nil)
        #expect(fault({ $0.audiences = nil }) == nil)
        #expect(fault({ ($0.issuer, $0.audiences) = (nil, nil) }) == .neitherIssuerNorAudience)
        #expect(fault({ $0.algorithms = [] }) == .noAlgorithm)
        #expect(fault({ $0.leeway = 301 }) == .leeway)
        #expect(fault({ $0.leeway = -1 }) == .leeway)
        #expect(fault({ $0.leeway = .nan }) == .leeway)
        #expect(fault({ $0.longestLife = .infinity }) == .lifetime)
        #expect(fault({ $0.issuer = "" }) == .emptyIssuer)
        #expect(fault({ $0.audiences = [""] }) == .emptyAudience)
        #expect(fault({ $0.audiences = [] }) == .emptyAudience)
        #expect(fault({ _ in }, { _ in }) == .issuerTwice)
        #expect(fault({ _ in }, { $0.issuer = nil }) == .issuerNeeded)
        #expect(fault() == .noIssuer)
    }

    @Test func withoutAnIssuerTheOneKeySetDecides() async throws {
        var policy = Scene.policy()
        policy.issuer = nil
        let scene = try Scene(policy: policy)
        #expect(try await scene.fault(["iss": "\"anybody\""]) == nil)
        #expect(try await scene.fault(["iss": nil]) == nil)
        #expect(try await scene.fault(["iss": "1"]) == .claimType)
    }
}
