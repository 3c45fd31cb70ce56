using System.Buffers;
using System.Diagnostics;
using System.Text.Json;

namespace Countersign.Client;

/// <summary>What a model is told: what happened, why, and what to do now.</summary>
internal static class ModelText
{
    /// <summary>Longest arguments that are repeated to a model, in characters.</summary>
    private const int MostArguments = 2000;

    public static string Of(Standing standing) => standing switch
    {
        Standing.Pending { Action: var held } =>
            $"NOT EXECUTED YET: people have to decide ({held.Id}{UrlOf(held)}). Call this function again later with " +
            "exactly the same arguments: that goes on with this request. Do not try another way around it.",
        Standing.Approved { Action: var approved } =>
            $"NOT EXECUTED HERE: {approved.Id} was approved, but the server executes it by itself; this function " +
            "must be configured with a target of gate 'api'.",
        Standing.Executing { Action: var running } =>
            $"NOT EXECUTED AGAIN: the same call is under way ({running.Id}). Call again later to hear how it ended.",
        Standing.Succeeded { Action: { Permit: null } done } =>
            $"EXECUTED BY THE SERVER and not by this function ({done.Id}).{ResultOf(done)}",
        Standing.Succeeded { Action: var done } =>
            $"NOT EXECUTED AGAIN: the same call was under way and has succeeded ({done.Id}).{ResultOf(done)}",
        Standing.Failed { Action: var failed } =>
            $"NOT EXECUTED AGAIN: the same call was under way and failed ({failed.Id}): {failed.Outcome?.Error} " +
            "Calling again asks anew.",
        Standing.Unknown { Action: var lost } =>
            $"NOT EXECUTED: an earlier identical call may or may not have taken effect ({lost.Id}). " +
            $"{lost.Outcome?.Error} Find out before you call again.",
        Standing.Denied { Action: var denied } => $"NOT EXECUTED: denied ({denied.Id}). {WhyDenied(denied)}",
        Standing.Refused { Action: var refused } => $"NOT EXECUTED: the policy refuses it. {WhyRefused(refused)}",
        Standing.Expired { Action: var late } =>
            $"NOT EXECUTED: {late.Explanation ?? "Time is over."} ({late.Id}) Calling again asks anew.",
        Standing.Withdrawn { Action: var gone } =>
            $"NOT EXECUTED: {gone.Explanation ?? "It was withdrawn."} ({gone.Id}) Ask the user before calling again.",
        Standing.Superseded { Action: var old } =>
            $"NOT EXECUTED: {old.Explanation ?? "It has to be decided anew."} ({old.Id}) Call again.",
        _ => throw new UnreachableException(),
    };

    public static string Of(Problem problem) =>
        $"NOT EXECUTED: {problem.Detail} ({problem.Slug}{(problem.Action is null ? "" : $", {problem.Action}")})";

    public static string Of(Exception failure) => failure switch
    {
        CountersignException { Problem: { } problem } => Of(problem),
        HttpRequestException => "NOT EXECUTED: whether this may be done could not be asked, because the approval " +
            $"server does not answer ({failure.Message}). Try again later; do not do it another way.",
        _ => $"NOT EXECUTED: {failure.Message}",
    };

    /// <summary>What ran is not what the model asked for: it has to know, or it goes on as if it were.</summary>
    public static JsonElement WithChanges(AskedAction ran, object? result, JsonSerializerOptions options)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("notice", Notice(ran));
            json.WritePropertyName("result");
            if (Values.TryWrite(result, options) is { } value)
            {
                value.WriteTo(json);
            }
            else
            {
                json.WriteStringValue(result?.ToString());
            }

            json.WriteEndObject();
        }

        return JsonElement.Parse(buffer.WrittenSpan);
    }

    private static string Notice(AskedAction ran)
    {
        var changes = ran.Review!.Changes;
        var reasons = changes.Select(change => change.Comment is { Length: > 0 } comment
            ? $"{change.Person}: {comment}"
            : $"{change.Person}.");
        return
            "CHANGED BEFORE IT RAN: people changed the arguments while they reviewed it. You asked for " +
            $"{Shown(changes[0].Before)} ; what ran is {Shown(ran.Arguments)} . By {string.Join(" ", reasons)} " +
            "Do not repeat what you asked for; go on from what ran.";
    }

    private static string WhyDenied(AskedAction denied)
    {
        var comments = denied.Review?.Votes
            .Where(vote => vote.Decision == "deny")
            .Select(vote => $"{vote.Person}: {vote.Comment ?? "(no comment)"}") ?? [];
        return $"{string.Join(" ", comments)} Asking for the same again gets the same answer for a while. Do not " +
            "look for another way to do it.";
    }

    private static string WhyRefused(AskedAction refused)
    {
        var rules = refused.Verdict?.Rules.Select(rule => $"Rule '{rule.Id}': {rule.Reason}") ?? [];
        var instead = refused.Nearest switch
        {
            { Arguments: { } arguments, Change: var change } =>
                $" Allowed would be {Shown(arguments)} ({change}).",
            { Operations: { Count: > 0 } operations } => $" Allowed would be: {string.Join(", ", operations)}.",
            _ => "",
        };
        return $"{string.Join(" ", rules)}{instead}";
    }

    private static string UrlOf(AskedAction held) => held.Review is { Url: var url } ? $", {url}" : "";

    private static string ResultOf(AskedAction done) =>
        done.Outcome?.Result is { } result ? $" Its result: {Shown(result)}" : "";

    private static string Shown(JsonElement json)
    {
        var text = json.GetRawText();
        return text.Length <= MostArguments ? text : $"{text[..MostArguments]}… ({text.Length} characters)";
    }
}
