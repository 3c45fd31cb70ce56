using System.Collections.Immutable;
using System.Text;
using Countersign.Gates.Postgres.Wire;

namespace Countersign.Gates.Postgres.Detached;

/// <summary>
/// Understands a statement that came without a session, by the same means as one of a session:
/// <list type="number">
/// <item>It is read as any other text, and refused when it is about a session.</item>
/// <item>The database takes it, or says what is wrong with it, and of which types its parameters are.</item>
/// <item>With other types than it was read under it is read again, because they decide what it does.</item>
/// </list>
/// The request and, later, the execution go through this, so that both find the same.
/// </summary>
internal sealed class DetachedReading(SessionState session)
{
    private readonly StatementTexts _texts = new(session);

    public async Task<(RunnableStatement? Statement, Refusal? WhyNot)> ReadAsync(
        SqlArguments given, CancellationToken cancellationToken)
    {
        _texts.Listen();
        session.Backend.OnSetting = PinnedSettings.WhyNot;
        // 1.
        var reading = await _texts.ReadAsync(given.Text, given.Types, cancellationToken);
        if (WhyNot(reading, given) is { } refusal)
        {
            return (null, refusal);
        }

        if (reading is Reading.Of { Statements.Length: > 1 })
        {
            return (_texts.RunnableOf(given.Text, reading, []), null);
        }

        // 2.
        var (types, wrong) = await DescribeAsync(given, reading, cancellationToken);
        if ((wrong ?? WhyOther(types.Length, given)) is { } notTaken)
        {
            return (null, notTaken);
        }

        // 3.
        if (!types.SequenceEqual(given.Types))
        {
            reading = await _texts.ReadAsync(given.Text, types, cancellationToken);
            if (WhyNot(reading, given) is { } second)
            {
                return (null, second);
            }
        }

        var parameters = types.Select((type, i) => new Parameter(type, given.Values[i])).ToImmutableArray();
        return (_texts.RunnableOf(given.Text, reading, parameters), null);
    }

    private static Refusal? WhyNot(Reading reading, SqlArguments given) => reading switch
    {
        Reading.Refused { Why: var why } => why,
        Reading.Of { Statements: [] } => new Refusal(
            Refusal.FeatureNotSupported, "The text holds no statement; nothing was executed."),
        Reading.Of { Statements: var statements } =>
            statements.Select(statement => SessionForms.WhyNot(statement, isAlone: statements.Length == 1))
                .FirstOrDefault(why => why is not null)
            ?? (statements.Length > 1 ? WhyNotInList(given, statements) : null),
        _ => null,
    };

    private static Refusal? WhyNotInList(SqlArguments given, ImmutableArray<ReadStatement> statements) =>
        given.Values.IsEmpty
            ? SimpleQueries.FindParameter(given.Text, statements)
            : new Refusal(Refusal.FeatureNotSupported, "Several statements in one text take no parameters.")
            {
                Hint = "Write the values into the text, or send each statement as a request of its own.",
            };

    private static Refusal? WhyOther(int count, SqlArguments given) => count == given.Values.Length
        ? null
        : new Refusal(
            Refusal.UndefinedParameter,
            $"The statement has {count} parameters, and {given.Values.Length} were given; nothing was executed.");

    private async Task<(ImmutableArray<uint> Types, Refusal? Wrong)> DescribeAsync(
        SqlArguments given, Reading reading, CancellationToken cancellationToken)
    {
        var backend = session.Backend;
        var statement = new Prepared("", "", given.Text, given.Text, reading);
        Refusal? wrong = null;
        backend.ErrorSink = (error, _) => wrong ??= RefusalOf(ErrorFields.Read(error.Body));
        backend.Out.WriteParse([], Encoding.UTF8.GetBytes(given.Text), given.Types.AsSpan());
        backend.Await(Awaited.Complete.SilentParse);
        backend.Out.WriteDescribe(Preparation.Statement, []);
        backend.Await(new Awaited.Description(statement, DescriptionFor.Gate));
        backend.Sync(isRelayed: false);
        await backend.SettleAsync(cancellationToken);
        backend.ErrorSink = null;
        return (statement.ParameterTypes ?? [], wrong);
    }

    private static Refusal RefusalOf(ErrorFields error) => new(
        error.Code ?? Refusal.ProtocolViolation, $"The database does not take the statement: {error.Message}")
    {
        Detail = error.Detail,
        Hint = error.Hint,
    };
}
