namespace Countersign.Core.Actions;

/// <summary>Where an action stands (DESIGN section 2).</summary>
public enum ActionState
{
    Pending,
    Approved,
    Executing,
    Succeeded,
    Failed,
    Unknown,
    Denied,
    Expired,
    Withdrawn,
    Superseded,
    Refused,
}

/// <summary>The spelling of states in the API, and which of them are final.</summary>
public static class ActionStates
{
    public static string ToText(this ActionState state) => state.ToString().ToLowerInvariant();

    public static bool TryParse(string text, out ActionState state) =>
        Enum.TryParse(text, ignoreCase: true, out state) && state.ToText() == text;

    public static bool HasEnded(this ActionState state) =>
        state is not (ActionState.Pending or ActionState.Approved or ActionState.Executing);
}
