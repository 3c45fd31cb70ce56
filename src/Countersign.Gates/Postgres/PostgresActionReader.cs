using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Identity;
using Countersign.Core.Redaction;
using Countersign.Gates.Postgres.Masking;
using Countersign.Gates.Postgres.Parsing;
using Countersign.Gates.Postgres.Statements;
using Countersign.Gates.Postgres.Wire;

namespace Countersign.Gates.Postgres;

/// <summary>
/// Turns a statement that is about to run into an action: operation <c>sql</c>, and as arguments its text, its
/// parameters, the settings that change what it means and the definitions that it depends on. The connection it comes
/// over is no part of it, so the same statement on another connection attaches.
/// </summary>
internal static class PostgresActionReader
{
    public const string Operation = "sql";

    private static readonly CanonicalJson s_none = new CanonicalObject().ToCanonicalJson();

    /// <summary>A request over the API with what this gate found out about its statement.</summary>
    public static Asking Read(Asking asked, RunnableStatement statement, Meaning meaning) => asked with
    {
        Action = ActionOf(asked.Target.Name, statement, meaning),
        Facts = FactsOf(statement.Effects, asked.Target.Redaction),
        NeedsIntent = true,
    };

    public static Asking Read(
        Asker asker, Target target, RunnableStatement statement, Meaning meaning, string? reason) =>
        new(asker, target, GateKind.Postgres, ActionOf(target.Name, statement, meaning))
        {
            Facts = FactsOf(statement.Effects, target.Redaction, statement.IsInTransaction),
            Claimed = Claimed.Of(reason, session: null),
        };

    /// <summary>A request that stands for all executions of one shape; only its facts mean anything.</summary>
    public static Asking ReadShape(Asker asker, Target target, Effects effects, bool isInTransaction) =>
        new(asker, target, GateKind.Postgres, CanonicalAction.Of(target.Name, Operation, s_none))
        {
            Facts = FactsOf(effects, target.Redaction, isInTransaction),
        };

    public static Facts FactsOf(Effects effects, TargetRedaction redaction, bool isInTransaction = false) => Facts.Of(
        "sql",
        ("verbs", Strings(effects.Verbs)),
        ("reads", Strings(effects.Reads)),
        ("writes", Strings(effects.Writes)),
        ("columns", Strings(effects.Columns)),
        ("functions", Strings(effects.Functions)),
        ("locks", Strings(effects.Locks)),
        ("read_only", effects.IsReadOnly),
        ("no_where", effects.NoWhere),
        ("touches_masked", TouchesMasked(effects, redaction)),
        ("deferred_code", effects.DeferredCode),
        ("opaque", effects.Opaque is not null || effects.HasUnseenCode),
        ("in_transaction", isInTransaction));

    /// <summary>What is not understood may touch anything.</summary>
    private static bool TouchesMasked(Effects effects, TargetRedaction redaction) =>
        effects.Deciding.IsMaskedBy(redaction) || (effects.Opaque is not null && !redaction.Fields.IsEmpty);

    public static CanonicalAction ActionOf(TargetName target, RunnableStatement statement, Meaning meaning)
    {
        var arguments = new CanonicalObject()
            .Add("text", statement.Text)
            .Add("parameters", CanonicalJson.ArrayOf(statement.Parameters.Select(parameter => parameter.Value)));
        if (!statement.Parameters.IsEmpty)
        {
            arguments.Add("types", CanonicalJson.ArrayOf(
                statement.Parameters.Select(parameter => CanonicalJson.Of(PostgresType.NameOf(parameter.Type)))));
        }

        if (meaning != Meaning.Usual)
        {
            arguments.Add("settings", SettingsOf(meaning));
        }

        // What was approved depends on these definitions: with others it is another action.
        if (statement.Effects.Catalog is { } catalog)
        {
            arguments.Add("catalog", catalog);
        }

        return CanonicalAction.Of(target, Operation, arguments.ToCanonicalJson());
    }

    /// <summary>Those that are not as usual: one that is left out has the one value that is usual everywhere.</summary>
    private static CanonicalJson SettingsOf(Meaning meaning)
    {
        var settings = new CanonicalObject();
        AddUnusual("search_path", meaning.SearchPath, Meaning.Usual.SearchPath);
        AddUnusual("date_style", meaning.DateStyle, Meaning.Usual.DateStyle);
        AddUnusual("interval_style", meaning.IntervalStyle, Meaning.Usual.IntervalStyle);
        AddUnusual("time_zone", meaning.TimeZone, Meaning.Usual.TimeZone);
        if (meaning.RowSecurity != Meaning.Usual.RowSecurity)
        {
            settings.Add("row_security", meaning.RowSecurity);
        }

        return settings.ToCanonicalJson();

        void AddUnusual(string name, string value, string usual)
        {
            if (value != usual)
            {
                settings.Add(name, value);
            }
        }
    }

    private static ImmutableArray<string> Strings(ImmutableSortedSet<string> names) => [.. names];
}

/// <summary>A statement with everything that decides what it does.</summary>
/// <param name="Text">As the client sent it.</param>
/// <param name="Parameters">In their order; empty for a text that takes none.</param>
/// <param name="Effects">What it does.</param>
internal sealed record RunnableStatement(string Text, ImmutableArray<Parameter> Parameters, Effects Effects)
{
    /// <summary>What it was read as.</summary>
    public required Reading Reading { get; init; }

    /// <summary>The text alone, without those of the statements that it executes.</summary>
    public string Sent { get; init; } = Text;

    /// <summary>Prepared statements that it executes by name; what they do, it does.</summary>
    public ImmutableArray<Prepared> Executes { get; init; } = [];

    /// <summary>The cursors that it declares, whose rows come later.</summary>
    public IEnumerable<Parsed.DeclareCursor> Cursors => Executes.Select(executed => executed.Reading).Append(Reading)
        .OfType<Reading.Of>()
        .SelectMany(reading => reading.Statements)
        .Select(statement => statement.Form)
        .OfType<Parsed.DeclareCursor>();

    /// <summary>Whether it may run code that somebody made.</summary>
    public bool RunsCode => Reading is not Reading.Of { Statements: var statements }
        || statements.Any(statement => UserCode.MayRunIn(statement, Executes));

    /// <summary>
    /// Whether the server runs it behind something else in a transaction: VACUUM and DISCARD ALL it does not.
    /// </summary>
    public bool MayFollow => Reading is not Reading.Of { Statements: var statements }
        || !statements.Any(static statement =>
            statement.Form is Parsed.Command { Effect.RunsAlone: true } or Parsed.Discard or Parsed.Transaction);

    /// <summary>Whether it comes in an open transaction, whose locks stay while it is held.</summary>
    public bool IsInTransaction { get; init; }

    /// <summary>Whether it is a COPY whose data comes from the client.</summary>
    public bool TakesCopy => Reading is Reading.Of { Statements: var statements }
        && statements.Any(statement => statement.Form is Parsed.Copy { Way: CopyWay.In });
}

/// <summary>A parameter's type and its value as JSON; <c>null</c> is SQL's NULL.</summary>
internal readonly record struct Parameter(uint Type, CanonicalJson Value)
{
    /// <summary>The parameters in what a Bind says behind its names.</summary>
    public static ImmutableArray<Parameter> In(ReadOnlySpan<byte> bind, ImmutableArray<uint> types)
    {
        var read = BindBody.ReadRest(bind);
        var parameters = ImmutableArray.CreateBuilder<Parameter>(read.ParameterCount);
        foreach (var value in read.Parameters)
        {
            var type = parameters.Count < types.Length ? types[parameters.Count] : PostgresType.Unspecified;
            parameters.Add(new Parameter(type, value.IsNull
                ? CanonicalJson.Null
                : ParameterText.Json(type, value.IsBinary, value.In(bind))));
        }

        return parameters.MoveToImmutable();
    }
}
