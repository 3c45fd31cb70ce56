using System.Collections.Immutable;
using Countersign.Core.Policies.Cel.Checking;
using Countersign.Core.Policies.Cel.Runtime;

namespace Countersign.Core.Policies.Cel.Functions;

/// <summary>
/// The parts of timestamps and durations (langdef, "Timestamps and Durations"); months and days of the year count from
/// 0.
/// </summary>
internal static class TimeFunctions
{
    public static readonly ImmutableArray<Overload> All =
    [
        .. Part("getFullYear", static local => local.Year),
        .. Part("getMonth", static local => local.Month - 1),
        .. Part("getDate", static local => local.Day),
        .. Part("getDayOfMonth", static local => local.Day - 1),
        .. Part("getDayOfWeek", static local => (int)local.DayOfWeek),
        .. Part("getDayOfYear", static local => local.DayOfYear - 1),
        .. Part("getHours", static local => local.Hour),
        .. Part("getMinutes", static local => local.Minute),
        .. Part("getSeconds", static local => local.Second),
        Timestamp("getMilliseconds", static (ref e, scoped a) => Milliseconds(a[0])),
        InZone("getMilliseconds", static (_, milliseconds) => milliseconds),
        Whole("getHours", 3_600 * Durations.PerSecond),
        Whole("getMinutes", 60 * Durations.PerSecond),
        Whole("getSeconds", Durations.PerSecond),
        Duration("getMilliseconds", static (ref e, scoped a) =>
            CelValue.FromInt(a[0].Nanoseconds % Durations.PerSecond / 1_000_000)),
    ];

    private static Overload[] Part(string name, Func<DateTime, int> part) =>
    [
        Timestamp(name, (ref e, scoped a) => CelValue.FromInt(part(Instants.UtcOf(a[0].Seconds)))),
        InZone(name, (local, _) => part(local)),
    ];

    /// <summary>A part of the wall clock of a zone; no zone is a whole number of milliseconds off.</summary>
    private static Overload InZone(string name, Func<DateTime, int, int> part) =>
        new(name, [CelType.Timestamp, CelType.String], CelType.Int, (ref e, scoped a) =>
            !e.TryCharge(CostEstimate.ZoneCost) ? CelValue.Error(CelFault.BudgetExhausted)
            : Instants.TryGetLocal(a[0].Seconds, a[1].AsString, e.FindTimeZone, out var local)
                ? CelValue.FromInt(part(local, a[0].NanosecondOfSecond / 1_000_000))
                : CelValue.Error(Instants.UnknownZone(a[1].AsString)))
        {
            IsMethod = true,
            Effort = Effort.Zone,
        };

    private static Overload Timestamp(string name, Implementation body) =>
        new(name, [CelType.Timestamp], CelType.Int, body) { IsMethod = true, Effort = Effort.Constant };

    private static Overload Duration(string name, Implementation body) =>
        new(name, [CelType.Duration], CelType.Int, body) { IsMethod = true, Effort = Effort.Constant };

    private static Overload Whole(string name, long unit) =>
        Duration(name, (ref e, scoped a) => CelValue.FromInt(a[0].Nanoseconds / unit));

    private static CelValue Milliseconds(in CelValue timestamp) =>
        CelValue.FromInt(timestamp.NanosecondOfSecond / 1_000_000);
}
