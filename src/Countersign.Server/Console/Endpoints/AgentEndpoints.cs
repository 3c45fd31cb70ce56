using System.Globalization;
using Countersign.Core;
using Countersign.Core.Identity;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Countersign.Server.Console.Pages;
using Countersign.Server.Console.Sessions;
using Countersign.Server.Console.Views;
using Microsoft.AspNetCore.Http;

namespace Countersign.Server.Console.Endpoints;

/// <summary>The stop button: the agents that a person may stop, and a page for each.</summary>
internal sealed class AgentEndpoints(
    AgentDesk desk, IStore store, PageWriter pages, ILogger<AgentEndpoints> logger)
{
    /// <summary>No entry of the ledger has this index.</summary>
    private const long NoEntry = -1;

    public async Task ListAsync(Visit visit)
    {
        var views = new List<AgentView>();
        foreach (var agent in desk.StoppableBy(visit.Person.Id))
        {
            views.Add(await ViewOfAsync(agent, visit));
        }

        await pages.WritePageAsync<AgentsPage>(
            visit.Context, 200, Frames.For("Agents", visit), new AgentListView([.. views], store.Now));
    }

    public async Task ShowAsync(Visit visit)
    {
        if (Find(visit) is not { } agent)
        {
            await WriteMissingAsync(visit);
            return;
        }

        var view = await ViewOfAsync(agent, visit) with { Notice = visit.TakeNotice(AddressOf(agent.Id)) };
        await pages.WritePageAsync<AgentPage>(visit.Context, 200, Frames.For($"Agent {agent.Id}", visit), view);
    }

    public async Task StopAsync(Visit visit, IFormCollection form)
    {
        if (Find(visit) is not { } agent)
        {
            await WriteMissingAsync(visit);
            return;
        }

        var answer = await desk.StopAsync(agent.Id, visit.Person.Id, CommentOf(form), visit.Aborted);
        Log.StoppedAgent(logger, visit.Person.Id, agent.Id, answer is StopAnswer.Stopped ? "stopped" : "not stopped");
        visit.SendTo(answer is StopAnswer.Stopped stopped
            ? new Notice(AddressOf(agent.Id), Recorded: true, Words.Of(stopped.Done))
            : new Notice(AddressOf(agent.Id), Recorded: false, "You may not stop this agent any more."));
    }

    public async Task ResumeAsync(Visit visit, IFormCollection form)
    {
        if (Find(visit) is not { } agent)
        {
            await WriteMissingAsync(visit);
            return;
        }

        var answer = await desk.ResumeAsync(
            agent.Id, visit.Voter, CommentOf(form), ShownStopOf(form), visit.Aborted);
        Log.ResumedAgent(logger, visit.Person.Id, agent.Id, answer.GetType().Name);
        visit.SendTo(new Notice(
            AddressOf(agent.Id), answer is ResumeAnswer.Active or ResumeAnswer.Waiting, TextOf(answer)));
    }

    private static string AddressOf(AgentId agent) => $"/console/agents/{agent}";

    // Whoever may not stop an agent gets the answer of an unknown one.
    private Agent? Find(Visit visit) => desk.StoppableBy(visit.Person.Id)
        .FirstOrDefault(agent => agent.Id.Value == visit.Context.Request.RouteValues["agent"] as string);

    private async Task<AgentView> ViewOfAsync(Agent agent, Visit visit)
    {
        var people = visit.Charter.People;
        var stop = await desk.FindStopAsync(agent.Id, visit.Aborted);
        return new AgentView(
            agent.Id.Value,
            agent.Owner is Party.OfPerson owner ? Words.Of(owner.Id, people) : agent.Owner.ToString(),
            stop is null ? null : new StopView(
                stop.At,
                stop.By is { } by ? Words.Of(new PersonId(by), people) : "somebody whose name was erased",
                stop.Comment is { Length: > 0 } comment ? DisplayText.Lines(comment).Text : null,
                stop.Entry),
            store.Now);
    }

    /// <summary>The stop that the page showed. A form that names none agrees to none.</summary>
    private static long ShownStopOf(IFormCollection form) =>
        long.TryParse(form["stop"], NumberStyles.None, CultureInfo.InvariantCulture, out var entry) ? entry : NoEntry;

    private static string? CommentOf(IFormCollection form) =>
        form["comment"].ToString().Trim().ReplaceLineEndings("\n") is { Length: > 0 } comment ? comment : null;

    private static string TextOf(ResumeAnswer answer) => answer switch
    {
        ResumeAnswer.Active => "The agent may go on.",
        ResumeAnswer.Waiting => "Your agreement is recorded. Another person has to agree, here or under Reviews.",
        ResumeAnswer.StoppedAgain => "It was stopped again since you looked. Read why, then decide.",
        ResumeAnswer.NobodyElse =>
            "Lifting a stop takes two persons who may review, one of whom does not stand behind the agent. The " +
            "configuration has to name another person first.",
        ResumeAnswer.Refused { Why: StepRefusal.AlreadyVoted } =>
            "You have agreed already; another person has to agree, here or under Reviews.",
        ResumeAnswer.Refused { Why: StepRefusal.AssuranceTooLow } => "Your sign-in is too weak for this.",
        _ => "Lifting a stop takes two persons who may review; you review nothing.",
    };

    private Task WriteMissingAsync(Visit visit) => pages.WriteMessageAsync(
        visit.Context,
        404,
        "Not found",
        "There is no such agent, or you may not stop it. The list of agents shows which you may.");
}
