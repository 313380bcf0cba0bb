import Testing

@testable import mesh_scale

@Suite struct ScaleReportTests {
    @Test func aFigureBelowItsTargetKeepsIt() {
        var report = ScaleReport()
        report.add("a", 7.994, .seconds, below: 8)
        #expect(report.keepsTargets)
        #expect(report.text == "a  7.99 s  (target: below 8.0 s; kept)")
    }

    @Test func aFigureAtOrAboveItsTargetMissesItAndSaysByHowMuch() {
        var report = ScaleReport()
        report.add("memory", 512.25, .megabytes, below: 500)
        report.add("x", 20, .milliseconds, below: 20)
        #expect(!report.keepsTargets)
        #expect(
            report.text == """
                memory  512.3 MB  (target: below 500.0 MB; MISSED, 12.3 MB too much)
                x       20.0 ms  (target: below 20.0 ms; MISSED, 0.0 ms too much)
                """)
    }

    @Test func aFigureWithoutATargetIsOnlyTold() {
        var report = ScaleReport()
        report.add("changes", 9_750, .count)
        #expect(report.keepsTargets)
        #expect(report.text == "changes  9750")
    }
}
