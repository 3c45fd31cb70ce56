using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Countersign.Client;

/// <summary>
/// A function that runs only as it was approved, and once:
/// <list type="number">
/// <item>It asks, with its name and its arguments, and waits while people decide.</item>
/// <item>It claims the permit. Whatever goes wrong up to here, nothing has run.</item>
/// <item>It runs the function with the arguments that were approved, which people may have changed.</item>
/// <item>It reports how that ended, and tells the model what was changed.</item>
/// </list>
/// </summary>
/// <remarks>
/// What runs are the approved bytes: the function gets its arguments as JSON, also those that were objects before. Two
/// identical calls at the same time are one request; the second waits for the first.
/// </remarks>
public sealed class ApprovalFunction : DelegatingAIFunction
{
    private readonly CountersignClient _client;
    private readonly ApprovalFunctionOptions _options;

    /// <summary>Wraps a function.</summary>
    public ApprovalFunction(AIFunction inner, CountersignClient client, ApprovalFunctionOptions options)
        : base(inner) => (_client, _options) = (client, options);

    /// <summary>What is asked for a call with these arguments.</summary>
    /// <exception cref="NotSupportedException">An argument cannot be written as JSON.</exception>
    public ActionRequest RequestFor(AIFunctionArguments arguments) =>
        new(_options.Target, _options.Operation ?? Name, Values.ObjectOf(arguments, JsonSerializerOptions))
        {
            Reason = _options.Reason(arguments),
            Session = _options.Session,
            IdempotencyKey = _options.IdempotencyKey(arguments),
        };

    /// <summary>
    /// Asks for a call without running it: for a host that shows the question in its chat. The call itself, made later,
    /// goes on with the same request.
    /// </summary>
    /// <returns>The question, or <c>null</c> when nobody has to decide.</returns>
    /// <exception cref="CountersignException">The request cannot be taken.</exception>
    public async Task<ToolApprovalRequestContent?> AskAsync(
        FunctionCallContent call, CancellationToken cancellationToken)
    {
        var request = RequestFor(new AIFunctionArguments(call.Arguments));
        return await _client.AskAsync(request, cancellationToken) is Standing.Pending { Action: var held }
            ? ToolApprovals.RequestFor(held, call)
            : null;
    }

    /// <inheritdoc/>
    protected override async ValueTask<object?> InvokeCoreAsync(
        AIFunctionArguments arguments, CancellationToken cancellationToken)
    {
        var (claimed, whyNot) = await ObtainAsync(arguments, cancellationToken);
        if (claimed is null)
        {
            return _options.ThrowsRefusals ? throw new NotApprovedException(whyNot!) : whyNot!.Text;
        }

        var result = await RunAsync(claimed, arguments, cancellationToken);
        return claimed.Review is { Changes.Count: > 0 }
            ? ModelText.WithChanges(claimed, result, JsonSerializerOptions)
            : result;
    }

    internal static Report JudgeByDefault(Exception failure) => failure is OperationCanceledException
        ? new Report.Unknown($"It was cancelled while it ran: {failure.Message}")
        : new Report.Failed(failure.Message);

    /// <summary>Steps 1 and 2: nothing runs here, so every failure is a refusal.</summary>
    private async Task<(AskedAction? Claimed, NotRun? WhyNot)> ObtainAsync(
        AIFunctionArguments arguments, CancellationToken cancellationToken)
    {
        try
        {
            var standing = await _client.AskAsync(RequestFor(arguments), cancellationToken);
            if (!standing.IsSettled)
            {
                standing = await _client.WaitAsync(standing.Action.Id, _options.Patience, cancellationToken);
            }

            return standing is Standing.Approved { IsSettled: true } approved
                ? await ClaimAsync(approved, cancellationToken)
                : (null, new NotRun(ModelText.Of(standing), standing, Cause: null));
        }
        catch (Exception failure)
            when (failure is CountersignException or HttpRequestException or NotSupportedException)
        {
            return (null, new NotRun(ModelText.Of(failure), Standing: null, failure));
        }
    }

    private async Task<(AskedAction? Claimed, NotRun? WhyNot)> ClaimAsync(
        Standing.Approved approved, CancellationToken cancellationToken) =>
        await _client.ClaimAsync(approved.Action, cancellationToken) switch
        {
            ClaimAnswer.Claimed { Action: var claimed } => (claimed, null),
            ClaimAnswer.NotGiven { Problem: var problem } =>
                (null, new NotRun(ModelText.Of(problem), approved, Cause: null)),
            _ => throw new System.Diagnostics.UnreachableException(),
        };

    /// <summary>Steps 3 and 4: from here on something may have happened, and what is known of it is reported.</summary>
    private async Task<object?> RunAsync(
        AskedAction claimed, AIFunctionArguments asked, CancellationToken cancellationToken)
    {
        object? result;
        try
        {
            var approved = new AIFunctionArguments(Values.MembersOf(claimed.Arguments))
            {
                Services = asked.Services,
                Context = asked.Context,
            };
            result = await base.InvokeCoreAsync(approved, cancellationToken);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            await ReportAsync(claimed, _options.Judge(failure));
            throw;
        }

        var recorded = _options.RecordsResult ? Values.TryWrite(result, JsonSerializerOptions) : null;
        await ReportAsync(claimed, new Report.Succeeded(recorded));
        return result;
    }

    /// <summary>The caller may be gone, and what happened is told all the same.</summary>
    private async Task ReportAsync(AskedAction claimed, Report report)
    {
        using var limit = new CancellationTokenSource(_options.ReportTime, _client.Time);
        try
        {
            var answer = await _client.ReportAsync(claimed, report, limit.Token);
            if (answer is ReportAnswer.NotTaken { Problem: var problem })
            {
                _options.OnUnreported(claimed, new CountersignException(problem));
            }
        }
        catch (Exception failure)
            when (failure is CountersignException or HttpRequestException or OperationCanceledException)
        {
            // The function has run; that nobody could be told of it is no failure of the function.
            _options.OnUnreported(claimed, failure);
        }
    }
}
