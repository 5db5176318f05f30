import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryIdentity

/// What is no token in its one spelling is refused, signed or not.
@Suite struct TokenFormTests {
    let scene: Scene

    init() throws {
        scene = try Scene()
    }

    @Test(arguments: ["", ".", "..", "a.b", "a.b.c.d", "e30.e30.", "....", "Bearer x", "\0", "é.é.é"])
    func refusesWhatIsNoToken(token: String) async {
        #expect(await scene.fault(token) != nil)
    }

    @Test func refusesEveryOtherSpellingOfAGoodToken() async throws {
        let token = try scene.good()
        #expect(await scene.fault(token) == nil)
        for changed in ["\(token)=", "\(token)==", " \(token)", "\(token) ", "\(token)\n", "\(token).", "\(token)\0"] {
            #expect(await scene.fault(changed) == .malformed)
        }
        let parts = token.split(separator: ".").map(String.init)
        #expect(await scene.fault("\(parts[0])=.\(parts[1]).\(parts[2])") == .malformed)
        // 64 bytes leave four unused bits in the last character.
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        let last = try #require(parts[2].last.flatMap { alphabet.firstIndex(of: $0) })
        #expect(await scene.fault(String(token.dropLast()) + String(alphabet[last | 1])) == .malformed)
    }

    @Test func refusesMoreBytesThanTheLimitBeforeDecoding() async throws {
        #expect(await scene.fault(try token(padding: 16_000)) == .tooLarge)
        #expect(await scene.fault(String(repeating: "=", count: 16_385)) == .tooLarge)
        #expect(await scene.fault(String(repeating: "=", count: 16_384)) == .malformed)
        #expect(await scene.fault(try token(padding: 10_000)) == nil)
    }

    private func token(padding: Int) throws -> String {
        try scene.signer.token(payload: claims(["pad": "\"\(String(repeating: "x", count: padding))\""]))
    }

    @Test(arguments: [
        "[]", "\"x\"", "", "null", #"{"alg":"ES256""#, #"{"alg":"ES256"}x"#, #"{"alg":"ES256",}"#, "\u{feff}{}",
        "{'alg':'ES256'}", #"{"kid":"es-1"}"#, #"{"alg":null,"kid":"es-1"}"#, #"{"alg":["ES256"],"kid":"es-1"}"#,
        #"{"alg":{},"kid":"es-1"}"#, #"{"alg":true,"kid":"es-1"}"#, #"{"alg":"ES256","kid":1}"#,
        #"{"alg":"ES256","kid":null}"#, #"{"alg":"ES256","kid":"es-1","typ":1}"#,
        #"{"alg":"ES256","kid":"es-1","zip":"DEF"}"#, #"{"alg":"ES256","kid":"es-1","x":"\ud800"}"#,
    ])
    func refusesABrokenHeader(header: String) async throws {
        #expect(try await scene.fault(header: header, [:]) == .malformed)
    }

    @Test(arguments: ["[]", "\"x\"", "", "{}{}", "{\"exp\":01}", "{\"exp\":Infinity}", "\u{feff}{}"])
    func refusesABrokenPayloadThoughItIsSigned(payload: String) async throws {
        #expect(await scene.fault(try scene.signer.token(payload: payload)) == .malformed)
    }

    @Test func refusesPayloadBytesThatAreNotUTF8AndNestingTooDeep() async throws {
        let header = Array(#"{"alg":"ES256","kid":"es-1"}"#.utf8)
        let broken = Array(#"{"sub":""#.utf8) + [0xff] + Array(#""}"#.utf8)
        #expect(await scene.fault(try scene.signer.token(header: header, payload: broken)) == .malformed)
        let deep = String(repeating: "[", count: 32) + String(repeating: "]", count: 32)
        #expect(try await scene.fault(["x": deep]) == .malformed)
        #expect(try await scene.fault(["x": String(deep.dropFirst().dropLast())]) == nil)
    }

    @Test func refusesTwoMembersOfOneName() async throws {
        for header in [
            #"{"alg":"none","alg":"ES256","kid":"es-1"}"#, #"{"alg":"ES256","\u0061lg":"ES256","kid":"es-1"}"#,
        ] {
            #expect(try await scene.fault(header: header, [:]) == .duplicateMember)
        }
        let twice = claims().replacing("{", with: #"{"sub":"admin","#, maxReplacements: 1)
        #expect(await scene.fault(try scene.signer.token(payload: twice)) == .duplicateMember)
        #expect(try await scene.fault(["act": #"{"sub":1,"sub":2}"#]) == .duplicateMember)
    }
}
