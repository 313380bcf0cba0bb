import Testing

@testable import clustermesh

@Suite struct DurationTextTests {
    @Test(arguments: [
        (Duration.zero, "0s"), (.milliseconds(50), "0.0s"), (.milliseconds(420), "0.4s"), (.milliseconds(1_999), "1s"),
        (.seconds(59), "59s"), (.seconds(60), "1m"), (.seconds(250), "4m10s"), (.seconds(3600), "1h"),
        (.seconds(11_520), "3h12m"), (.seconds(86_400), "1d"), (.seconds(273_600), "3d4h"), (.seconds(-5), "0s"),
    ])
    func aTimeIsToldInItsTwoLargestUnits(time: Duration, text: String) {
        #expect(time.brief == text)
    }

    @Test(arguments: [
        ("15m", 900), ("90s", 90), ("1h30m", 5400), ("1h1m1s", 3661), ("0s", 0), ("168h", 604_800),
    ])
    func aTimeIsReadAsPeopleGiveIt(text: String, seconds: Int) {
        #expect(DurationOption(argument: text)?.duration == .seconds(seconds))
    }

    @Test(arguments: ["", "15", "m", "15 m", "-5s", "1.5h", "169h", "99999999s", "1h30", "٣s"])
    func whatIsNoTimeIsRefused(text: String) {
        #expect(DurationOption(argument: text) == nil)
    }

    @Test func aTableIsAsWideAsItsWidestCells() {
        var table = TextTable([("A", .left), ("LONG", .right), ("Z", .left)])
        table.add(["first", "1", "x"])
        table.add(["b", "12345", ""])
        #expect(table.lines == ["A       LONG  Z", "first      1  x", "b      12345"])
    }
}
