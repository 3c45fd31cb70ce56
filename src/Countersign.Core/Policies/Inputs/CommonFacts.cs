using System.Collections.Immutable;
using System.Text.Json;
using Countersign.Core.Actions;
using Countersign.Core.Policies.Cel;
using Countersign.Core.Policies.Documents;

namespace Countersign.Core.Policies.Inputs;

/// <summary>Facts that every gate has: who asks what of which target, what it would do, what happened before.</summary>
internal static class CommonFacts
{
    private static readonly CelType Strings = CelType.ListOf(CelType.String);
    private static readonly CelType Cascades = CelType.ListOf(CelType.MapOf(CelType.String, CelType.Dyn));

    private static readonly JsonDocumentOptions ArgumentOptions = new() { MaxDepth = 128 };

    public static void AddTo(SchemaBuilder builder)
    {
        AddAction(builder);
        AddTargetAndAgent(builder);
        AddPreview(builder);
        AddHistory(builder);
        AddCalendar(builder);
        builder.Add("claimed.reason", CelType.String, FactSize.Text, i => Text(i.Asking.Claimed.Reason));
        builder.Add("claimed.session", CelType.String, FactSize.Text, i => Text(i.Asking.Claimed.Session));
    }

    private static void AddAction(SchemaBuilder builder)
    {
        builder.AddOfShape("action.gate", CelType.String, FactSize.Name, i => Text(i.Asking.Target.Gate.ToText()));
        builder.AddOfShape("action.via", CelType.String, FactSize.Name, i => Text(i.Asking.Via.ToText()));
        builder.AddOfShape("action.operation", CelType.String, FactSize.Text, i => Text(i.Asking.Action.Operation));
        builder.Add("action.arguments", CelType.Dyn, FactSize.Document, i => Arguments(i.Asking.Action));
        builder.Add("action.bytes", CelType.Int, FactSize.Name, i => Number(i.Asking.Action.Arguments.Bytes.Length));
    }

    private static void AddTargetAndAgent(SchemaBuilder builder)
    {
        builder.AddOfShape("target.name", CelType.String, FactSize.Name, i => Text(i.Asking.Target.Name.Value));
        builder.AddOfShape("target.environment", CelType.String, FactSize.Name, i => Text(i.Asking.Target.Environment));
        builder.AddOfShape("target.labels", Strings, FactSize.Names, i => CelValue.FromStrings(i.Asking.Target.Labels));
        builder.AddOfShape("agent.id", CelType.String, FactSize.Name, i => Text(i.Asking.Asker.Agent.Value));
        builder.AddOfShape(
            "agent.owner", CelType.String, FactSize.Name, i => i.Owner is null ? default : Text(i.Owner));
        builder.AddOfShape(
            "agent.on_behalf_of", CelType.String, FactSize.Name, i => Text(i.Asking.Asker.OnBehalfOf?.Value));
        builder.AddOfShape(
            "agent.groups",
            Strings,
            FactSize.Names,
            i => i.Groups is { } groups ? CelValue.FromStrings(groups) : default);
    }

    private static void AddPreview(SchemaBuilder builder)
    {
        builder.Add("preview.rows", CelType.Int, FactSize.Name, i => Number(i.Preview?.Rows));
        builder.Add("preview.bytes", CelType.Int, FactSize.Name, i => Number(i.Preview?.Bytes));
        builder.Add("preview.exact", CelType.Bool, FactSize.Name, i => Truth(i.Preview?.Exact));
        builder.Add("preview.reversible", CelType.Bool, FactSize.Name, i => Truth(i.Preview?.Reversible));
        builder.Add("preview.cascades", Cascades, FactSize.Names, i => CascadesOf(i.Preview));
    }

    private static void AddHistory(SchemaBuilder builder)
    {
        builder.Add("history.first_time", CelType.Bool, FactSize.Name, i => Truth(i.History?.FirstTime));
        builder.Add(
            "history.approve_rate",
            CelType.Double,
            FactSize.Name,
            i => i.History?.ApproveRate is { } rate ? CelValue.FromDouble(rate) : default);
        builder.AddFunction(
            "history.count",
            CelType.Int,
            i => i.History is { } history ? arguments => Count(history, arguments[0].AsString) : null,
            static time => DurationText.TryParse(time, out _) ? null : NoDuration(time));
    }

    private static void AddCalendar(SchemaBuilder builder)
    {
        builder.AddFunction("calendar.frozen", CelType.Bool, i => Ask(i.Calendar?.Frozen, "freeze"));
        builder.AddFunction(
            "calendar.business_hours",
            CelType.Bool,
            i => Ask(i.Calendar?.BusinessHours, "time zone"),
            static zone => TimeZones.Find(zone) is null
                ? $"the time zone {CelValue.FromString(zone)} is unknown on this machine; " +
                    "use an IANA name such as Europe/Berlin"
                : null);
    }

    private static CelFunction? Ask(Func<string, bool?>? calendar, string what) => calendar is null
        ? null
        : arguments => calendar(arguments[0].AsString) is { } answer
            ? CelValue.FromBool(answer)
            : CelValue.Error($"no {what} is called '{arguments[0].AsString}'");

    private static CelValue Count(History history, string time)
    {
        if (!DurationText.TryParse(time, out var duration))
        {
            return CelValue.Error(NoDuration(time));
        }

        return history.Count(duration) is { } count
            ? CelValue.FromInt(count)
            : CelValue.Error("the history is unknown");
    }

    private static string NoDuration(string time) =>
        $"history.count takes {DurationText.Form}, not {CelValue.FromString(time)}";

    private static CelValue Arguments(CanonicalAction action)
    {
        try
        {
            using var document = JsonDocument.Parse(action.Arguments.Bytes, ArgumentOptions);
            return CelValue.FromJson(document.RootElement);
        }
        catch (JsonException invalid)
        {
            // Canonical arguments are valid; if they ever are not, every rule that reads them errs on the strict side.
            return CelValue.Error($"the arguments are not valid JSON: {invalid.Message}");
        }
    }

    /// <summary>A preview that failed or says nothing of cascades does not mean that there are none.</summary>
    private static CelValue CascadesOf(Preview? preview) => preview is { Error: null, Cascades: { } cascades }
        ? CelValue.FromList([.. cascades.Select(cascade => CelValue.FromMap(new CascadeMap(cascade)))])
        : default;

    /// <summary>A text that may be absent; absence is a known state and reads as the empty text.</summary>
    private static CelValue Text(string? text) => CelValue.FromString(text ?? "");

    private static CelValue Number(long? number) => number is { } n ? CelValue.FromInt(n) : default;

    private static CelValue Truth(bool? truth) => truth is { } t ? CelValue.FromBool(t) : default;

    /// <summary>One cascade as <c>{relation, rows}</c>.</summary>
    private sealed class CascadeMap(Cascade cascade) : CelMap
    {
        private static readonly ImmutableArray<string> Names = ["relation", "rows"];

        public override int Count => Names.Length;

        public override CelValue KeyAt(int index) => CelValue.FromString(Names[index]);

        public override CelValue ValueAt(int index) =>
            index == 0 ? CelValue.FromString(cascade.Relation) : CelValue.FromInt(cascade.Rows);

        public override bool TryGet(in CelValue key, out CelValue value)
        {
            var index = key.Kind == CelKind.String ? Names.IndexOf(key.AsString) : -1;
            value = index < 0 ? default : ValueAt(index);
            return index >= 0;
        }
    }
}
