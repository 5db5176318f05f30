import OstiaryCore
import Testing

@Suite struct CivilDateTests {
    @Test(arguments: [
        (0, "1970-01-01"), (58, "1970-02-28"), (59, "1970-03-01"), (789, "1972-02-29"), (11_016, "2000-02-29"),
        (20_778, "2026-11-21"), (47_541, "2100-03-01"),
    ])
    func `days since 1970 are days of the calendar`(days: Int, date: String) {
        #expect(CivilDate(daysSince1970: days).description == date)
    }
}
