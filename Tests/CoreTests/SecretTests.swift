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
    // The pages are zeroed and gone; where somebody else has them by now, the allocator may have put a few bytes there.
    if let left = try? canaries(at: address) { #expect((-1..<32).contains(left)) }
}

// SEC-404
@Test(.enabled(if: FileManager.default.isReadableFile(atPath: "/proc/self/smaps"), "no /proc/self/smaps here"))
func liesInLockedPagesOfItsOwnThatNoDumpHolds() throws {
    let held = secret("sk-canary")
    let place = held.withBytes { span in
        span.withUnsafeBufferPointer { UInt(bitPattern: $0.baseAddress) }
    }
    #expect(place % 4096 == 0)
    // The mapping that holds the address, with its figures and flags.
    let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: "/proc/self/smaps"))
    let maps = String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self)
    var flags: Substring = ""
    var isHere = false
    for line in maps.split(separator: "\n") {
        let ends = line.prefix { $0 != " " }.split(separator: "-")
        if ends.count == 2, let begin = UInt(ends[0], radix: 16), let end = UInt(ends[1], radix: 16) {
            isHere = begin <= place && place < end
        } else if isHere, line.hasPrefix("VmFlags:") {
            flags = line
        }
    }
    #expect(flags.contains(" dd"))
    // Locked, unless the system allows none of that; then it is counted.
    #expect(flags.contains(" lo") || Secret.unlockedBytes > 0)
    #expect(held.count == 9)
}
