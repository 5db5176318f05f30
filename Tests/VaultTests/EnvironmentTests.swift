import Foundation
import Testing

@testable import OstiaryVault

@Test func takesAVariableOutOfTheEnvironment() {
    setenv("OSTIARY_TEST_KEY", "sk-canary", 1)
    Vault.forgetEnvironment(["OSTIARY_TEST_KEY", "OSTIARY_NOT_THERE", "", "a\0b"])
    #expect(getenv("OSTIARY_TEST_KEY") == nil)
}

// Any variable that the process began with will do; this one matters to nobody here.
@Test(.enabled(if: getenv("SHLVL") != nil, "the process began without SHLVL"))
func takesAVariableOutOfWhatTheKernelShows() throws {
    func shown() throws -> Data { try Data(contentsOf: URL(fileURLWithPath: "/proc/self/environ")) }
    let value = String(cString: try #require(getenv("SHLVL")))
    let pair = Data("SHLVL=\(value)\0".utf8)
    #expect(try shown().range(of: pair) != nil)
    Vault.forgetEnvironment(["SHLVL"])
    #expect(try shown().range(of: pair) == nil)
}

@Test func blanksAVariableWhereOthersMayLook() throws {
    setenv("OSTIARY_TEST_BLANK", "sk-canary", 1)
    let value = try #require(getenv("OSTIARY_TEST_BLANK"))
    Vault.blankEnvironment(["OSTIARY_TEST_BLANK", "OSTIARY_NOT_THERE", "", "a\0b"])
    #expect(String(cString: value).isEmpty)
    #expect(getenv("OSTIARY_TEST_BLANK") == value)
}
