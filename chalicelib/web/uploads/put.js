/** Send a file to the storage. */

// The browser sets these headers itself, and logs an error if a script sets them.
const FORBIDDEN = /^(content-length|host)$/i;
const LONGEST_SILENCE = 60_000;

/**
 * Send a file. Return the response status, or 0 without a response. Only XMLHttpRequest reports upload progress.
 * @param {{method: string, uploadUrl: string, headers: Record<string, string>}} grant
 * @param {File} file
 * @param {AbortSignal} signal
 * @param {(part: number) => void} report
 * @returns {Promise<number>}
 */
export function putFile({ method, uploadUrl, headers }, file, signal, report) {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    // A network that changes can leave a request without an end.
    let silence = setTimeout(() => xhr.abort(), LONGEST_SILENCE);
    const stop = () => xhr.abort();
    xhr.open(method, uploadUrl);
    for (const [name, value] of Object.entries(headers)) {
      if (!FORBIDDEN.test(name)) xhr.setRequestHeader(name, value);
    }
    xhr.upload.onprogress = ({ loaded, total }) => {
      clearTimeout(silence);
      silence = setTimeout(() => xhr.abort(), LONGEST_SILENCE);
      report(total ? loaded / total : 0);
    };
    xhr.onloadend = () => {
      clearTimeout(silence);
      signal.removeEventListener("abort", stop);
      if (signal.aborted) reject(signal.reason);
      else resolve(xhr.status);
    };
    signal.addEventListener("abort", stop);
    xhr.send(file);
  });
}
