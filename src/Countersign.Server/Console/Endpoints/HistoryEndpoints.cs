using System.Collections.Immutable;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Countersign.Server.Console.Pages;
using Countersign.Server.Console.Views;
using Microsoft.AspNetCore.Http;

namespace Countersign.Server.Console.Endpoints;

/// <summary>The list of ended actions.</summary>
internal sealed class HistoryEndpoints(ActionLookup lookup, CardMask mask, IStore store, PageWriter pages)
{
    /// <summary>How many actions one page shows at least, when there are as many.</summary>
    private const int PageSize = 100;

    private static readonly ImmutableArray<string> EndedStates =
        [.. Enum.GetValues<ActionState>().Where(state => state.HasEnded()).Select(state => state.ToText())];

    public async Task ShowAsync(Visit visit)
    {
        var query = visit.Context.Request.Query;
        var (ended, last) = await lookup.ListAsync(
            FilterOf(query, visit.Charter), wanted: record => record.State.HasEnded(), visit);
        var chosen = ChosenOf(query, visit.Charter);
        var view = new HistoryView([.. ended.Select(record => ItemOf(mask.Of(record).Record))], chosen, store.Now)
        {
            Older = last is { } before ? OlderThan(before.Id, chosen) : null,
        };
        await pages.WritePageAsync<HistoryPage>(visit.Context, 200, Frames.For("History", visit), view);
    }

    private static ActionFilter FilterOf(IQueryCollection query, Charter charter) => new()
    {
        State = ActionStates.TryParse(query["state"].ToString(), out var state) && state.HasEnded() ? state : null,
        Target = TargetName.TryParse(query["target"], out var name) && charter.Targets.ContainsKey(name) ? name : null,
        Agent = charter.People.Agents.FirstOrDefault(agent => agent.Id.Value == query["agent"])?.Id,
        Before = ActionId.TryParse(query["before"], out var before) ? before : null,
        Limit = PageSize,
    };

    /// <summary>Only what is on the lists is shown as chosen; anything else in the address is ignored.</summary>
    private static HistoryFilterView ChosenOf(IQueryCollection query, Charter charter)
    {
        var lists = new HistoryFilterView(
            EndedStates,
            [.. charter.Targets.Keys.Select(target => target.Value).Order(StringComparer.Ordinal)],
            [.. charter.People.Agents.Select(agent => agent.Id.Value)]);
        return lists with
        {
            State = OneOf(lists.States, query["state"]),
            Target = OneOf(lists.Targets, query["target"]),
            Agent = OneOf(lists.Agents, query["agent"]),
        };
    }

    private static string OneOf(ImmutableArray<string> known, string? chosen) =>
        chosen is not null && known.Contains(chosen) ? chosen : "";

    private static string OlderThan(ActionId before, HistoryFilterView chosen) =>
        "/console/history" + QueryString.Create(
        [
            KeyValuePair.Create<string, string?>("state", chosen.State),
            KeyValuePair.Create<string, string?>("target", chosen.Target),
            KeyValuePair.Create<string, string?>("agent", chosen.Agent),
            KeyValuePair.Create<string, string?>("before", before.Value),
        ]);

    private static HistoryItem ItemOf(ActionRecord record) => new()
    {
        Id = record.Id.Value,
        Environment = Words.OneLine(record.Environment),
        Headline = Words.Headline(Card.Of(record).Headline),
        Glimpse = GlimpseView.Of(record),
        Agent = record.Asker.Agent.Value,
        State = record.State.ToText(),
        StateText = Words.Of(record.State),
        CreatedAt = record.CreatedAt,
    };
}
