using Countersign.Core.Actions;
using Countersign.Core.Storage;

namespace Countersign.Core;

/// <summary>
/// The preview of one request: made when somebody needs it, and then the same for the verdict, the card and the record.
/// </summary>
internal sealed class PreviewOnce(Asking asking)
{
    private Preview? _made;

    /// <summary><c>null</c> when the gate has no way to find out.</summary>
    public async Task<Preview?> MakeAsync(CancellationToken cancellationToken) =>
        asking.Previewer is { } previewer ? _made ??= await MakeAsync(previewer, cancellationToken) : null;

    private async Task<Preview> MakeAsync(ActionPreviewer previewer, CancellationToken cancellationToken)
    {
        try
        {
            return await previewer(asking, cancellationToken);
        }
        catch (Exception failure) when (
            !cancellationToken.IsCancellationRequested
            && failure is not (StoreUnavailableException or OutOfMemoryException))
        {
            // Not knowing is an answer that rules and people can go by, and both are stricter with it.
            return Preview.Failed($"The gate could not find out ({failure.Message}).");
        }
    }
}
