import OstiaryCore
import Testing

private func secret(_ text: String) -> Secret {
    let bytes = Array(text.utf8)
    return Secret(copying: bytes.span)
}

@Test func lendsTheBytesItWasGiven() {
    let held = secret("sk-canary")
    let copy = held.withBytes { span in span.indices.map { span[$0] } }
    #expect(copy == Array("sk-canary".utf8))
    #expect(held.count == 9)
}

@Test func holdsAnEmptySecret() {
    let held = secret("")
    #expect(held.withBytes { $0.isEmpty })
}

@Test func passesAnErrorOfTheBorrowerOn() {
    struct Fault: Error {}
    let held = secret("sk-canary")
    #expect(throws: Fault.self) { try held.withBytes { _ throws(Fault) in throw Fault() } }
}

@Test func showsNothingOfACredential() {
    let credential = Credential(place: .authorization, bytes: Array("sk-canary".utf8))
    var dumped = ""
    dump(credential, to: &dumped)
    for shown in ["\(credential)", String(reflecting: credential), dumped] {
        #expect(!shown.contains("canary"))
        #expect(!shown.contains("115"))
    }
}
