import OstiaryCore
import OstiaryModels

/// What the strict reader accepts is written and read back equal, byte by byte, and an accepted object is accepted by
/// the scanner too, which was written apart from it (SEC-112).
func fuzzJSON(_ bytes: [UInt8]) {
    let value: JSONValue
    do throws(JSONFault) {
        value = try JSONReader.read(bytes)
    } catch {
        demand((0...bytes.count).contains(error.offset), "a fault lies outside the document")
        return
    }
    let written = JSONWriter.write(value)
    demand(!written.contains { $0 < 0x20 || $0 == 0x7f }, "written JSON holds a control character")
    guard let again = try? JSONReader.read(written) else {
        demand(false, "JSON that was written is refused")
        return
    }
    demand(again == value && JSONWriter.write(again) == written, "JSON changes when it is written and read back")
    demandNumbers(value)
    if value.object != nil {
        var scanner = MemberScanner(MemberPaths(["a", "a.b", "model"], refusingOtherCase: false))
        demand(
            (try? scanner.feed(bytes.span)) != nil && (try? scanner.finish()) != nil,
            "the scanner refuses an object that the reader accepts"
        )
    }
}

private func demandNumbers(_ value: JSONValue) {
    switch value {
    case .number(let number):
        let (whole, double) = (number.int, number.double)
        // A whole number that a Double holds exactly is the same number there.
        if let whole, let double, whole.magnitude < 1 << 53 {
            demand(double == Double(whole), "\(number.text) has two values")
        }
    case .array(let elements): elements.forEach(demandNumbers)
    case .object(let object): object.members.forEach { demandNumbers($0.value) }
    default: break
    }
}
