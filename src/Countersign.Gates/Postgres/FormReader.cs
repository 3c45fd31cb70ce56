using System.Collections.Immutable;
using System.Diagnostics;
using System.Text;
using Countersign.Gates.Postgres.Analysis;
using Countersign.Gates.Postgres.Parsing;
using Countersign.Gates.Postgres.Statements;
using Npgsql;

namespace Countersign.Gates.Postgres;

/// <summary>
/// What a form of statement does: queries as the server's analyser says, alone or inside of another statement, and
/// everything else as its tree says.
/// </summary>
internal sealed class FormReader(Analyser analyser)
{
    private static readonly Effects s_none = Effects.None;

    public async ValueTask<Effects> ReadAsync(
        Parsed form, ReadOnlyMemory<byte> text, ReadContext context, CancellationToken cancellationToken)
    {
        var effects = await EffectsAsync(form, text, context, cancellationToken);
        return effects is { Opaque: not null } or { NeedsOwner: true } or { DeferredCode: true }
            && form is Parsed.Query or Parsed.Copy or Parsed.Command or Parsed.Code or Parsed.Call
            ? effects with { Catalog = $"{effects.Catalog}+{await CodeAsync(cancellationToken)}" }
            : effects;
    }

    /// <summary>
    /// Code that is called without anybody following it (by CALL and DO, in a default or an index, in a query that is
    /// not understood) has to be what it was when people looked at the statement: so all code of the database has to.
    /// </summary>
    private async Task<string> CodeAsync(CancellationToken cancellationToken)
    {
        try
        {
            var version = await analyser.CodeAsync(cancellationToken);
            return $"code {version.Rows} {version.Hash}";
        }
        catch (Exception failure) when (failure is NpgsqlException or TimeoutException)
        {
            // Another one each time, so that nothing runs on the strength of it.
            return $"unknown {Stopwatch.GetTimestamp()}";
        }
    }

    private ValueTask<Effects> EffectsAsync(
        Parsed form, ReadOnlyMemory<byte> text, ReadContext context, CancellationToken cancellationToken) => form switch
    {
        Parsed.Query { Into: { } into } => new(IntoOf(into)),
        Parsed.Query query => AnalyseAsync(query, TextOf(text, query.At), context, cancellationToken),
        Parsed.Explain explain => ExplainAsync(explain, text, context, cancellationToken),
        Parsed.Copy copy => CopyAsync(copy, text, context, cancellationToken),
        Parsed.Prepare prepare => ReadAsync(prepare.Inner, text, context, cancellationToken),
        Parsed.DeclareCursor cursor => ReadAsync(cursor.Inner, text, context, cancellationToken),
        Parsed.Execute { Arguments.IsEmpty: true } => new(s_none),
        Parsed.Execute execute => ArgumentsAsync(execute, text, context, cancellationToken),
        Parsed.Command utility => CommandAsync(utility.Effect, text, context, cancellationToken),
        Parsed.LockTable locks => CommandAsync(
            new CommandEffect("LOCK", locks.Relations) { Lock = locks.Mode }, text, context, cancellationToken),
        Parsed.Channel channel => new(s_none with { Verbs = s_none.Verbs.Add(channel.Verb) }),
        Parsed.Code code => new(Opaque("DO", $"DO runs {code.Language} code, which nobody analyses.")),
        Parsed.Call call => new(Opaque("CALL", $"The procedure {call.Name} is code, which nobody analyses.")),
        Parsed.Show show => new(s_none with { HasUnclearOutput = !SettingRules.HoldsNoText(show.Name) }),
        // They concern nothing but the session, so that no policy is asked about them. What a cursor's rows are is
        // known where it was declared.
        Parsed.Transaction or Parsed.Set or Parsed.Fetch or Parsed.CloseCursor
            or Parsed.Deallocate or Parsed.Discard => new(s_none),
        Parsed.Never never => new(s_none with { Verbs = s_none.Verbs.Add(never.Verb), Refused = never.Why }),
        _ => new(s_none with { Opaque = "Nobody knows what this kind of statement does." }),
    };

    /// <summary>The state of the catalog; <c>null</c> when it cannot be asked for.</summary>
    public async ValueTask<CatalogVersion?> CatalogAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await analyser.CatalogAsync(cancellationToken);
        }
        catch (Exception failure) when (failure is NpgsqlException or TimeoutException)
        {
            // Then nothing that is remembered is used, and what is asked anew says why it cannot be understood.
            return null;
        }
    }

    /// <summary>Definitions changed.</summary>
    public void Forget() => analyser.CatalogChanged();

    private async ValueTask<Effects> AnalyseAsync(
        Parsed.Query query, string text, ReadContext context, CancellationToken cancellationToken) =>
        await AnalyseAsync(text, context, cancellationToken) is var effects && query.NoWhere
            ? effects with { NoWhere = true }
            : effects;

    private async ValueTask<Effects> AnalyseAsync(
        string text, ReadContext context, CancellationToken cancellationToken) =>
        EffectsOf(await analyser.AnalyseAsync(
            text, context.Types, context.Meaning, context.Version, cancellationToken));

    /// <summary>
    /// Without ANALYZE nothing of it runs but what the planner runs, so it changes what the planner may change.
    /// </summary>
    private async ValueTask<Effects> ExplainAsync(
        Parsed.Explain explain, ReadOnlyMemory<byte> text, ReadContext context, CancellationToken cancellationToken)
    {
        if (explain.HasRepeatedOption)
        {
            return s_none with { Refused = "EXPLAIN names an option twice, and which one counts is easily misread." };
        }

        var inner = await ReadAsync(explain.Inner, text, context, cancellationToken);
        var verbs = inner.Verbs.Add("EXPLAIN");
        return explain.Analyze
            ? inner with { Verbs = verbs, Output = [inner.Plan] }
            : inner with
            {
                Verbs = s_none.Verbs.Add("EXPLAIN"),
                Reads = inner.Reads.Union(inner.Writes),
                Writes = s_none.Writes,
                Locks = s_none.Locks,
                NoWhere = false,
                Output = [inner.Plan],
            };
    }

    private async ValueTask<Effects> CopyAsync(
        Parsed.Copy copy, ReadOnlyMemory<byte> text, ReadContext context, CancellationToken cancellationToken)
    {
        if (copy.Outside is { } outside)
        {
            return s_none with { Refused = $"COPY to or from {outside} leaves this connection." };
        }

        var inner = copy switch
        {
            { Inner: { } query } => await ReadAsync(query, text, context, cancellationToken),
            { Equivalent: { } equivalent } => await AnalyseAsync(equivalent, context, cancellationToken),
            _ => s_none with { Opaque = "Nobody knows what this COPY reads or writes." },
        };
        return inner with { Verbs = inner.Verbs.Add(copy.Way == CopyWay.Out ? "COPY TO" : "COPY FROM") };
    }

    /// <summary>
    /// Arguments are expressions, which may call functions; the statement itself is known by its name.
    /// </summary>
    private async ValueTask<Effects> ArgumentsAsync(
        Parsed.Execute execute, ReadOnlyMemory<byte> text, ReadContext context, CancellationToken cancellationToken)
    {
        var effects = await AnalyseAsync(
            "SELECT " + string.Join(", ", execute.Arguments.Select(argument => TextOf(text, argument))),
            context,
            cancellationToken);

        // What it executes does not say what becomes of them.
        var given = effects.Sources;
        return effects with
        {
            Output = [],
            HasUnclearOutput = !given.IsEmpty,
            Deciding = effects.Deciding.With(given),
        };
    }

    private async ValueTask<Effects> CommandAsync(
        CommandEffect effect, ReadOnlyMemory<byte> text, ReadContext context, CancellationToken cancellationToken)
    {
        if (effect.Inner is { } inner and not Parsed.Query)
        {
            return (await ReadAsync(inner, text, context, cancellationToken)).Then(
                Opaque(effect.Verb, $"{effect.Verb} of anything but a query is not understood."));
        }

        var query = effect.Inner is { } found ? TextOf(text, found.At) : null;
        return EffectsOf(await analyser.AnalyseCommandAsync(effect, query, context.Meaning, cancellationToken))
            is { Opaque: null } understood
            ? understood
            : Opaque(effect.Verb, $"Nobody knows what this {effect.Verb} does.");
    }

    private static Effects EffectsOf(Analysed analysed) => analysed switch
    {
        Analysed.Understood { Effects: var effects } => effects,
        // The session may see what the analyser does not, such as a table of its own transaction.
        Analysed.Invalid { Error: var error } => s_none with { Opaque = $"It could not be looked at: {error.Message}" },
        Analysed.Opaque { Why: var why } => s_none with { Opaque = why },
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private static Effects IntoOf(string into) => s_none with
    {
        Verbs = s_none.Verbs.Add("SELECT").Add("CREATE"),
        Writes = s_none.Writes.Add(into),
        NeedsOwner = true,
        Opaque = "SELECT INTO makes a table of what it reads; CREATE TABLE AS says the same and is understood.",
    };

    private static Effects Opaque(string verb, string why) =>
        s_none with { Verbs = s_none.Verbs.Add(verb), Opaque = why };

    private static string TextOf(ReadOnlyMemory<byte> text, TextSpan span) =>
        Encoding.UTF8.GetString(text.Span.Slice(span.Start, span.Length));
}

/// <summary>Under what a text is read.</summary>
/// <param name="Types">The types of its parameters.</param>
/// <param name="Meaning">The session's settings.</param>
/// <param name="Version">The catalog's state; <c>null</c> when nothing may be said from memory.</param>
internal sealed record ReadContext(ImmutableArray<uint> Types, Meaning Meaning, CatalogVersion? Version);
