using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Records;
using Countersign.Gates.Mcp.Wire;

namespace Countersign.Gates.Mcp;

/// <summary>
/// Tools of 2026-07-28 may ask for input instead of giving their result. What a task's client answers becomes, like the
/// input of a repeated call, an argument of a further action, which is judged and approved like the first. The actions
/// of one task find each other by their idempotency keys, so that a task is answered once in each round, and nothing is
/// stored beside them.
/// </summary>
internal sealed class TaskRounds(McpGateOptions options, McpExecutor executor, McpPreviews previews)
{
    /// <summary>How often one task may ask: as often as clients repeat a call.</summary>
    private const int MaxRounds = 9;

    /// <summary>No header can hold the first character, so that no client of the API gives such a key.</summary>
    private const string KeyPrefix = "\0task-input ";

    private readonly TaskAnswers _partial = new();

    /// <summary>The action that a task is at.</summary>
    public async Task<TaskRound> LatestAsync(ActionRecord first, CancellationToken cancellationToken)
    {
        var round = new TaskRound(first, Number: 1, QuestionsOf(first));
        while (round.Questions is not null
            && await options.Gatekeeper.FindAsync(
                first.Asker, KeyOf(round.Record), cancellationToken) is { } next
            && next.Action.Target == first.Action.Target
            && next.Action.Operation == first.Action.Operation)
        {
            var questions = round.Number + 1 < MaxRounds ? QuestionsOf(next) : null;
            round = new TaskRound(next, round.Number + 1, questions);
        }

        return round.Questions is null ? round : round with { Given = _partial.Of(round.Record.Id) };
    }

    /// <summary>Goes on with a client's answers; the text says why they were not taken.</summary>
    public async Task<string?> AnswerAsync(
        McpSession session,
        Exchange exchange,
        TaskRound round,
        RawObject answers,
        CancellationToken cancellationToken)
    {
        if (round.Questions is not { } questions)
        {
            return null;
        }

        var (given, missing) = Collect(round, questions, answers);
        if (missing is not null)
        {
            return _partial.TryKeep(round.Record.Id, given)
                ? null
                : $"Answer all questions at once: '{missing}' is missing.";
        }

        if (AskingOf(exchange, round.Record, given) is not { } asking)
        {
            return "These answers cannot be taken: they are too large, or the target is gone.";
        }

        var call = new Call(
            (action, limit) => executor.ExecuteAsync(action, session, exchange, limit),
            TimeSpan.Zero,
            static _ => { })
        {
            LeavesWhenHeld = true,
        };
        var foreseeable = asking with { Previewer = previews.Find(session.Route, asking.Action.Operation) };
        using var handled = await options.Gatekeeper.HandleAsync(foreseeable, call, cancellationToken);
        return handled.Answer switch
        {
            Answer.Paused paused => paused.Reason,
            Answer.Stopped stopped => stopped.Reason,
            // Answers that are taken stand: others to the same questions come too late.
            _ => Done(round.Record.Id),
        };
    }

    private string? Done(ActionId asked)
    {
        _partial.Forget(asked);
        return null;
    }

    /// <summary>
    /// The answers so far, and a question that is still open. Other keys are of earlier rounds, or of none.
    /// </summary>
    private static (RawObject Given, string? Missing) Collect(TaskRound round, RawObject questions, RawObject answers)
    {
        string? missing = null;
        var given = RawObject.Empty;
        foreach (var (name, _) in questions.Members)
        {
            if ((round.Given.Find(name) ?? answers.Find(round.KeyOf(name))) is { } answer)
            {
                given = given.With(name, answer);
            }
            else
            {
                missing ??= round.KeyOf(name);
            }
        }

        return (given, missing);
    }

    private Asking? AskingOf(Exchange exchange, ActionRecord earlier, RawObject given)
    {
        if (!options.Charter().Targets.TryGetValue(earlier.Action.Target, out var target)
            || !RawObject.TryRead(earlier.Action.Arguments.Bytes, out var arguments)
            || !RawObject.TryRead(earlier.Outcome!.Result!.Value, out var result))
        {
            return null;
        }

        var input = McpRounds.InputOf(result.Find("requestState"), given.ToBytes());
        var bytes = arguments.With(McpRounds.InputArgument, input).ToBytes();
        if (!CanonicalJson.TryCanonicalize(bytes, options.Json, out var canonical, out _))
        {
            return null;
        }

        var action = CanonicalAction.Of(target.Name, earlier.Action.Operation, canonical);
        return new Asking(earlier.Asker, target, GateKind.Mcp, action)
        {
            Facts = earlier.Facts,
            Claimed = earlier.Claimed,
            IdempotencyKey = KeyOf(earlier),
            CallerNote = CallerNote.Of(exchange.Caller),
        };
    }

    private static string KeyOf(ActionRecord asked) => KeyPrefix + asked.Id;

    /// <summary>
    /// What the tool asks; <c>null</c> when it gave its result. Without a question a client of a task has nothing to
    /// answer.
    /// </summary>
    private static RawObject? QuestionsOf(ActionRecord record) =>
        McpAnswers.AsksForInput(record)
        && RawObject.TryRead(record.Outcome!.Result!.Value, out var result)
        && result.FindObject("inputRequests") is { } questions
        && questions.Members.Any()
            ? questions
            : null;
}

/// <summary>The latest action of a task, and what its tool asks, if it does.</summary>
internal sealed record TaskRound(ActionRecord Record, int Number, RawObject? Questions)
{
    /// <summary>Answers that are there already.</summary>
    public RawObject Given { get; init; } = RawObject.Empty;

    /// <summary>
    /// A question's name towards the client: no name may come twice in the life of a task, and servers know nothing of
    /// tasks.
    /// </summary>
    public string KeyOf(string name) => Number == 1 ? name : $"{Number}.{name}";
}
