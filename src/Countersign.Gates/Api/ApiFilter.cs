using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Storage;
using Countersign.Gates.Access;
using Microsoft.AspNetCore.Http;

namespace Countersign.Gates.Api;

/// <summary>Reads the query of <c>GET /v1/actions</c>.</summary>
internal static class ApiFilter
{
    public static (ActionFilter? Filter, Problem? Problem) Read(HttpRequest request)
    {
        var query = request.Query;
        var filter = new ActionFilter();
        if (Value(query, "state") is { } stateText)
        {
            if (!ActionStates.TryParse(stateText, out var state))
            {
                return Bad(
                    "'state' is one of " + string.Join(", ", Enum.GetValues<ActionState>().Select(s => s.ToText())));
            }

            filter = filter with { State = state };
        }

        if (Value(query, "before") is { } beforeText)
        {
            if (!ActionId.TryParse(beforeText, out var before))
            {
                return Bad("'before' is an action id, as 'next' gave it");
            }

            filter = filter with { Before = before };
        }

        if (Value(query, "limit") is { } limitText)
        {
            if (!int.TryParse(limitText, out var limit) || limit is < 1 or > ActionFilter.MaxLimit)
            {
                return Bad($"'limit' is a number from 1 to {ActionFilter.MaxLimit}");
            }

            filter = filter with { Limit = limit };
        }

        if (OrderOf(query, filter) is not { } ordered)
        {
            return Bad(
                "'order=deadline' lists pending actions, with 'after' as 'next' gave it and without 'before'; no other "
                + "order has a name");
        }

        return WithNames(ordered, Value(query, "target"), Value(query, "agent"));
    }

    /// <summary>
    /// The filter with the order that is asked for. Only what is pending has its deadlines in one list; others have
    /// none.
    /// </summary>
    private static ActionFilter? OrderOf(IQueryCollection query, ActionFilter filter)
    {
        var after = Value(query, "after");
        return Value(query, "order") switch
        {
            null => after is null ? filter : null,
            "deadline" when filter is { Before: null, State: null or ActionState.Pending } =>
                (after, DeadlinePlace.TryParse(after, out var place)) is (not null, false)
                    ? null
                    : filter with { State = ActionState.Pending, ByDeadline = true, After = place },
            _ => null,
        };
    }

    private static (ActionFilter? Filter, Problem? Problem) WithNames(
        ActionFilter filter, string? target, string? agent)
    {
        try
        {
            return (filter with
            {
                Target = target is null ? null : new TargetName(target),
                Agent = agent is null ? null : new AgentId(agent),
            }, null);
        }
        catch (ArgumentException invalid)
        {
            return Bad(invalid.Message.TrimEnd('.'));
        }
    }

    private static string? Value(IQueryCollection query, string name) =>
        query.TryGetValue(name, out var value) && value.ToString() is { Length: > 0 } text ? text : null;

    private static (ActionFilter? Filter, Problem? Problem) Bad(string detail) =>
        (null, RequestBody.Malformed(detail + "."));
}
