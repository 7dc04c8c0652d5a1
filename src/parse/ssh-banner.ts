import { decoder, MalformedMessage, peerText, type Decoder } from './decoded.ts';

const maximumLines = 20;

/** Lines of RFC 4253 have at most 255 characters; servers may say other lines first. */
const maximumLine = 255;

/** The identification line of an ssh server, without its line end. Whatever binary comes before it is no ssh. */
export const decodeBanner: Decoder<string> = decoder((cursor) => {
  for (let line = 0; line < maximumLines; line += 1) {
    const bytes: number[] = [];
    for (;;) {
      const byte = cursor.u8();
      if (byte === 0x0a) break;
      if (byte === 0 || bytes.length === maximumLine) throw new MalformedMessage('no identification of ssh');
      bytes.push(byte);
    }
    const text = peerText(Buffer.from(bytes), maximumLine);
    if (text.startsWith('SSH-')) return text;
  }
  throw new MalformedMessage('no identification of ssh');
});
