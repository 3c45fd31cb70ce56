using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text;
using Countersign.Gates.Postgres.Analysis;
using Countersign.Gates.Postgres.Parsing;
using Countersign.Gates.Postgres.Statements;

namespace Countersign.Gates.Postgres;

/// <summary>
/// Understands texts for all sessions of a target:
/// <list type="number">
/// <item>The lexer refuses what no parser should see, and finds the shape of the rest.</item>
/// <item>A shape that was understood a moment ago, under the same settings, means the same now.</item>
/// <item>PostgreSQL's own grammar says what statements there are.</item>
/// <item>The server's analyser says what each of them does to what.</item>
/// </list>
/// </summary>
internal sealed class StatementReader(
    Shapes shapes, SqlParser parser, FormReader forms, PostgresLimits limits, TimeProvider time)
{
    /// <summary>Shapes that are remembered; when there are more, all are forgotten.</summary>
    private const int MaxRemembered = 20_000;

    private readonly ConcurrentDictionary<Key, Remembered> _remembered = new();
    private int _generation;

    /// <summary>Another one means that a session of this target changed definitions.</summary>
    public int Generation => Volatile.Read(ref _generation);

    public async ValueTask<Reading> ReadAsync(
        string text, ImmutableArray<uint> types, Meaning meaning, CancellationToken cancellationToken)
    {
        // 1.
        var bytes = Encoding.UTF8.GetBytes(text);
        if (shapes.TryRead(bytes, out var shape) is { } fault)
        {
            return ReadingOf(fault);
        }

        // 2.
        var key = new Key(shape, meaning, TypesOf(types));
        var isKnown = _remembered.TryGetValue(key, out var known);
        if (isKnown && time.GetElapsedTime(known!.At) < limits.Freshness)
        {
            return known.Reading;
        }

        // A catalog that is still the same means that nobody changed a definition meanwhile.
        var version = await forms.CatalogAsync(cancellationToken);
        if (isKnown && version is not null && known!.Version == version)
        {
            _remembered[key] = known with { At = time.GetTimestamp() };
            return known.Reading;
        }

        var reading = await UnderstandAsync(bytes, new ReadContext(types, meaning, version), cancellationToken);
        if (MayBeKept(reading))
        {
            if (_remembered.Count >= MaxRemembered)
            {
                _remembered.Clear();
            }

            _remembered[key] = new Remembered(reading, version, time.GetTimestamp());
        }

        return reading;
    }

    /// <summary>
    /// The same without anything that is remembered: what people approved is looked at again like this.
    /// </summary>
    public ValueTask<Reading> ReadAfreshAsync(
        RunnableStatement statement, Meaning meaning, CancellationToken cancellationToken) => UnderstandAsync(
        Encoding.UTF8.GetBytes(statement.Sent),
        new ReadContext([.. statement.Parameters.Select(parameter => parameter.Type)], meaning, Version: null),
        cancellationToken);

    /// <summary>A statement that another one executes, looked at again.</summary>
    public ValueTask<Reading> ReadAfreshAsync(
        Prepared statement, Meaning meaning, CancellationToken cancellationToken) =>
        UnderstandAsync(
            Encoding.UTF8.GetBytes(statement.Text),
            new ReadContext(statement.DeclaredTypes, meaning, Version: null),
            cancellationToken);

    /// <summary>Definitions changed, so nothing that was understood before need be true now.</summary>
    public void Forget()
    {
        Interlocked.Increment(ref _generation);
        _remembered.Clear();
        forms.Forget();
    }

    private async ValueTask<Reading> UnderstandAsync(
        byte[] text, ReadContext context, CancellationToken cancellationToken)
    {
        // 3.
        switch (await parser.ParseAsync(text, cancellationToken))
        {
            case ParseOutcome.Refused { Fault: var fault }:
                return ReadingOf(fault);
            case ParseOutcome.List { Statements: var list }:
                // 4.
                var statements = ImmutableArray.CreateBuilder<ReadStatement>(list.Length);
                foreach (var form in list)
                {
                    statements.Add(new ReadStatement(
                        form, await forms.ReadAsync(form, text, context, cancellationToken)));
                }

                return new Reading.Of(statements.MoveToImmutable());
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private static Reading ReadingOf(SqlFault fault) => fault.SqlState == SqlFault.SyntaxError
        ? new Reading.Unreadable($"PostgreSQL's grammar does not take it: {fault.Message}")
        : new Reading.Refused(new Refusal(fault.SqlState, fault.Message)
        {
            Hint = fault.Hint,
            Position = fault.Position,
        });

    /// <summary>
    /// Of texts with one statement, whose ranges nobody needs; what was not understood is tried again.
    /// </summary>
    private static bool MayBeKept(Reading reading) => reading is Reading.Of
    {
        Statements: [{ Form: Parsed.Query, Effects: { Opaque: null, IsValueSensitive: false } }],
    };

    private static string TypesOf(ImmutableArray<uint> types) => types.IsEmpty ? "" : string.Join(',', types);

    private readonly record struct Key(Shape Shape, Meaning Meaning, string Types);

    private sealed record Remembered(Reading Reading, CatalogVersion? Version, long At);
}
