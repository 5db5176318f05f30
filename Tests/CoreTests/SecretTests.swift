import Foundation
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

// Looks through the kernel at where the bytes were: reading freed memory directly would be no test of anything.
@Test(.enabled(if: FileManager.default.isReadableFile(atPath: "/proc/self/mem"), "no /proc/self/mem here"))
func zeroesItsBytesAtTheEnd() throws {
    let size = 256
    func canaries(at address: UInt64) throws -> Int {
        let memory = try FileHandle(forReadingFrom: URL(fileURLWithPath: "/proc/self/mem"))
        try memory.seek(toOffset: address)
        return try memory.read(upToCount: size)?.count { $0 == 0xa5 } ?? -1
    }
    var address: UInt64 = 0
    do {
        let bytes = [UInt8](repeating: 0xa5, count: size)
        let held = Secret(copying: bytes.span)
        address = held.withBytes { span in
            span.withUnsafeBufferPointer { UInt64(UInt(bitPattern: $0.baseAddress)) }
        }
        #expect(try canaries(at: address) == size)
        #expect(held.count == size)
    }
    // The allocator may have put a few bytes of its own there.
    #expect((0..<32).contains(try canaries(at: address)))
}
