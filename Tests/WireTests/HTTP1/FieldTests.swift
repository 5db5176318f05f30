import Foundation
import NIOCore
import Testing

@testable import OstiaryWire

@Suite struct FieldTests {
    private static func find(_ text: String) -> FieldName {
        let bytes = Array(text.utf8)
        return FieldNameTable.shared.find(bytes.span, 0..<bytes.count)
    }

    @Test(arguments: FieldName.allCases.filter { $0 != .other })
    func findsEveryKnownNameInAnyCase(_ name: FieldName) {
        let text = "\(name.text)"
        #expect(Self.find(text) == name)
        #expect(Self.find(text.uppercased()) == name)
        #expect(Self.find(text.capitalized) == name)
    }

    @Test(arguments: FieldName.allCases.filter { $0 != .other })
    func findsNoNameThatOnlyLooksLikeIt(_ name: FieldName) {
        let text = "\(name.text)"
        for other in [
            text + "x", "x" + text, String(text.dropLast()), text.replacingOccurrences(of: "-", with: "_") + "_",
        ] {
            #expect(Self.find(other) == .other)
        }
        if text.contains("-") { #expect(Self.find(text.replacingOccurrences(of: "-", with: "_")) == .other) }
        if text.contains("-") { #expect(Self.find(text.replacingOccurrences(of: "-", with: "\r")) == .other) }
    }

    @Test func hasRoomForEveryName() {
        #expect(FieldName.allCases.count <= 64)
        #expect(Set(FieldName.allCases.map { "\($0.text)" }).count == FieldName.allCases.count)
    }

    @Test(arguments: [
        ("x", true), ("gate.example", true), ("gate.example:80", true), ("127.0.0.1:1", true), ("[::1]", true),
        ("[::1]:65535", true), ("a_b-c.d", true), ("", false), (":80", false), ("x:", false), ("x:65536", false),
        ("x:999999", false), ("x:a", false), ("[::1", false), ("[]", false), ("[::1]x", false), ("[gg]", false),
        ("a b", false),
        ("a/b", false), ("a?b", false), ("u@x", false), ("a,b", false), ("é", false), ("[", false), ("x:80:80", false),
    ])
    func readsAHost(_ text: String, _ isValid: Bool) {
        let bytes = Array(text.utf8)
        #expect(HostField.isValid(bytes.span, 0..<bytes.count) == isValid)
    }
}
