import OstiaryCore
import Testing

@testable import OstiaryModels

// SEC-506
@Suite struct ErrorDocumentTests {
    private static func cleaned(_ document: String) -> String? {
        ErrorDocument.cleaned(Array(document.utf8), status: 500, for: .openAI).map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    @Test(arguments: [
        #"{"error":{"message":"no","type":"t","code":1.50,"param":null}}"#, #"{ "detail": [ {"loc":["body"]} ] }"#,
        "null",
        #""words""#, #"{"a":"\u00fc"}"#,
    ])
    func aCleanDocumentStaysAsItIs(_ document: String) {
        #expect(Self.cleaned(document) == document)
    }

    @Test func cleansWhereverItStands() {
        let document =
            #"{"error":{"message":"db at pg://u:p@h","n":1.50,"details":[{"hint":"https://a@b/"}],"param":null}}"#
        #expect(
            Self.cleaned(document)
                == #"{"error":{"message":"db at pg://[redacted]@h","n":1.50,"details":[{"hint":"https://[redacted]@b/"}],"param":null}}"#
        )
    }

    @Test func removesTracesByTheirNames() {
        let document =
            #"{"error":"boom","stack":["a","b"],"Traceback":"x","trace":null,"stackTrace":{"a":1},"stacked":"y"}"#
        #expect(
            Self.cleaned(document)
                == #"{"error":"boom","stack":"[stack trace removed]","Traceback":"[stack trace removed]","trace":null,"stackTrace":"[stack trace removed]","stacked":"y"}"#
        )
    }

    @Test(arguments: ["x", "ü", "\\n", "\\u0001", "\\\""]) func aLongDocumentKeepsItsShape(_ character: String) throws {
        let long = String(repeating: character, count: 4000)
        let document =
            #"{"error":{"type":"overloaded","message":"\#(long)","code":"busy","param":"model","extra":[1,2]}}"#
        let short = try #require(ErrorDocument.cleaned(Array(document.utf8), status: 503, for: .openAI))
        #expect(short.count <= ErrorDocument.limit)
        let error = try #require(try JSONReader.read(short).object?["error"]?.object)
        #expect(error["type"]?.string == "overloaded")
        #expect(error["code"]?.string == "busy")
        #expect(error["param"]?.string == "model")
        #expect((error["message"]?.string?.utf8.count ?? 0) >= 200)
    }

    @Test(arguments: [
        #"{"detail":"LONG"}"#, #"{"message":"LONG"}"#, #"{"error":"LONG"}"#,
    ])
    func findsTheMessageOfOtherFamilies(_ form: String) throws {
        let document = form.replacing("LONG", with: String(repeating: "z", count: 4000))
        let short = try #require(Self.cleaned(document))
        #expect(short.hasPrefix(#"{"error":{"message":"zzz"#))
        #expect(short.hasSuffix(#"z","type":"server_error","code":null,"param":null}}"#))
    }

    @Test func aLongDocumentWithoutAMessageIsNotRepeated() throws {
        let document = #"{"data":["\#(String(repeating: "z", count: 4000))"]}"#
        #expect(Self.cleaned(document)?.contains("The provider answered with status 500") == true)
    }

    @Test(arguments: ["", "{", #"{"a":1,"a":2}"#, "{}x", String(repeating: "[", count: 100)])
    func whatCannotBeReadIsNoDocument(_ text: String) {
        #expect(Self.cleaned(text) == nil)
    }
}
