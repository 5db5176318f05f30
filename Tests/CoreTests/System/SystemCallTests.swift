import Glibc
import OstiaryCore
import Testing

@Suite struct SystemCallTests {
    @Test func `what was written to a pipe is read again, until its end`() throws {
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        defer { close(ends[0]) }
        try SystemCall.writeAll(Array("a key".utf8), to: ends[1])
        close(ends[1])
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = try SystemCall.fill(&bytes, from: ends[0])
        #expect(String(decoding: bytes.prefix(count), as: UTF8.self) == "a key")
        #expect(bytes.count == 16)
    }

    @Test func `a full array is enough, whatever more would come`() throws {
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        defer {
            close(ends[0])
            close(ends[1])
        }
        try SystemCall.writeAll(Array("abcdef".utf8), to: ends[1])
        var bytes = [UInt8](repeating: 0, count: 4)
        #expect(try SystemCall.fill(&bytes, from: ends[0]) == 4)
        #expect(bytes == Array("abcd".utf8))
    }

    @Test func `a descriptor that is none is a fault with the system's words`() {
        var bytes = [UInt8](repeating: 0, count: 1)
        #expect(throws: SystemFault(EBADF)) { try SystemCall.fill(&bytes, from: -1) }
        #expect(throws: SystemFault(EBADF)) { try SystemCall.writeAll([1], to: -1) }
        #expect(SystemFault(EBADF).reason == "Bad file descriptor")
    }
}
