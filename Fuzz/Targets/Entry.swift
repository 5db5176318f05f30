#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The parser under test: `OSTIARY_FUZZ` names it.
private let target: Target = {
    let name = getenv("OSTIARY_FUZZ").map { String(cString: $0) } ?? ""
    guard let target = Target(rawValue: name) else {
        let known = Target.allCases.map(\.rawValue).joined(separator: ", ")
        fatalError("OSTIARY_FUZZ must be one of \(known)")
    }
    return target
}()

/// What libFuzzer calls with every input. There is no `main`: libFuzzer brings it.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    target.run(Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}
