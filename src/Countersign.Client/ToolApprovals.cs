using Microsoft.Extensions.AI;

namespace Countersign.Client;

/// <summary>
/// Questions and answers in the content types of Microsoft.Extensions.AI, for hosts that show them in their chat. They
/// are only shown there: what counts is what the server knows, and a person who decides in the chat votes with a token
/// of their own.
/// </summary>
public static class ToolApprovals
{
    /// <summary>Where a question keeps the digest that it is about.</summary>
    public const string DigestProperty = "countersign.digest";

    /// <summary>Where a question keeps the address of the review.</summary>
    public const string UrlProperty = "countersign.url";

    /// <summary>Where a question keeps the reasons of the rules that ask.</summary>
    public const string ReasonProperty = "countersign.reason";

    /// <summary>The question of an action that people have to decide about; its id is the action's.</summary>
    public static ToolApprovalRequestContent RequestFor(AskedAction held, FunctionCallContent call) =>
        new(held.Id, call)
        {
            AdditionalProperties = new AdditionalPropertiesDictionary
            {
                [DigestProperty] = held.Digest,
                [UrlProperty] = held.Review?.Url.ToString(),
                [ReasonProperty] = string.Join(" ", held.Verdict?.Rules.Select(rule => rule.Reason) ?? []),
            },
        };

    /// <summary>
    /// The answer to a question, as people decided it; <c>null</c> while they have not. When they changed the
    /// arguments, it carries them.
    /// </summary>
    public static ToolApprovalResponseContent? ResponseFor(ToolApprovalRequestContent request, Standing standing)
    {
        if (standing.Action.Id != request.RequestId)
        {
            throw new ArgumentException(
                $"The question is about {request.RequestId}, and not about {standing.Action.Id}.", nameof(standing));
        }

        return standing switch
        {
            Standing.Pending => null,
            Standing.Approved or Standing.Executing or Standing.Succeeded or Standing.Failed or Standing.Unknown =>
                new ToolApprovalResponseContent(request.RequestId, approved: true, CallAs(request.ToolCall, standing)),
            _ => new ToolApprovalResponseContent(request.RequestId, approved: false, request.ToolCall)
            {
                Reason = ModelText.Of(standing),
            },
        };
    }

    /// <summary>
    /// Takes what a person answered in the chat to the server, as that person, and about what they were shown.
    /// </summary>
    /// <param name="person">A client with the person's token; an agent's cannot vote.</param>
    /// <param name="request">The question as it was shown.</param>
    /// <param name="response">Their answer to it.</param>
    /// <param name="cancellationToken">Stops the request, not what arrived.</param>
    /// <exception cref="CountersignException">The answer does not count; the problem says why.</exception>
    public static Task<Standing> VoteAsync(
        CountersignClient person,
        ToolApprovalRequestContent request,
        ToolApprovalResponseContent response,
        CancellationToken cancellationToken)
    {
        if (response.RequestId != request.RequestId
            || request.AdditionalProperties?.GetValueOrDefault(DigestProperty) is not string digest)
        {
            throw new ArgumentException(
                "The answer is to another question, or the question was not made by RequestFor.", nameof(response));
        }

        return person.VoteAsync(request.RequestId, digest, response.Approved, response.Reason, cancellationToken);
    }

    private static ToolCallContent CallAs(ToolCallContent asked, Standing standing) =>
        asked is FunctionCallContent call && standing.Action.Review is { Changes.Count: > 0 }
            ? new FunctionCallContent(call.CallId, call.Name, Values.MembersOf(standing.Action.Arguments))
            : asked;
}
