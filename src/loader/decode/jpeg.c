/* JPEG: one call that decodes rows and columns of a JPEG by libjpeg, with errors as values.
 *
 * libjpeg reports an error by a function that must not return. Here it jumps back into `autoaugment_jpeg_decode`, so
 * that nothing unwinds through C and the process never ends. All frames between are C without cleanup. */

#include <setjmp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "jconfig.h"

#include "jpeglib.h"
#include "jerror.h"

/* The results. `jpeg.rs` has the same list. */
enum { DONE = 0, BROKEN = 1, TRUNCATED = 2, TOO_MANY_SCANS = 3, OTHER_SIZE = 4, OTHER_COLORS = 5, TWO_FRAMES = 6 };

/* The request and its outcome. `jpeg.rs` has the same fields. */
struct autoaugment_jpeg {
  const unsigned char *bytes;
  size_t length;
  /* Channels of the output: 1 gray, 3 RGB, 4 CMYK. */
  unsigned channels;
  /* The denominator of the scale: 1, 2, 4 or 8. */
  unsigned scale;
  /* Whether an end marker follows the last byte, as Pillow appends one on request. */
  unsigned fill;
  unsigned max_scans;
  long max_memory;
  /* The size at full scale that the caller read from the header. */
  unsigned header_width, header_height;
  /* The rows and columns that are wanted, at the output's scale. */
  unsigned left, top, width, height;
  unsigned char *out;
  /* Bytes from a row of `out` to the next. */
  size_t stride;
  /* One row of the whole output, used where columns are cut or colors converted: scaled width x channels bytes. */
  unsigned char *row;
  /* Outcome: rows that are in `out`, libjpeg's warnings, and the reason of an error. */
  unsigned rows_done;
  long warnings;
  char message[JMSG_LENGTH_MAX];
};

struct reader {
  struct jpeg_error_mgr error;
  struct jpeg_source_mgr source;
  struct jpeg_progress_mgr progress;
  jmp_buf exit;
  struct autoaugment_jpeg *request;
  int ended;
};

static const JOCTET end_marker[2] = {0xFF, JPEG_EOI};

static struct reader *reader_of(j_common_ptr cinfo) { return (struct reader *)cinfo->client_data; }

static void fail(j_common_ptr cinfo) {
  struct reader *reader = reader_of(cinfo);
  cinfo->err->format_message(cinfo, reader->request->message);
  longjmp(reader->exit, BROKEN);
}

static void say_nothing(j_common_ptr cinfo) { (void)cinfo; }

static void do_nothing(j_decompress_ptr cinfo) { (void)cinfo; }

/* Calls of libjpeg return when this is false, which means that the data ended too early. */
static boolean more(j_decompress_ptr cinfo) {
  struct reader *reader = reader_of((j_common_ptr)cinfo);
  if (!reader->request->fill || reader->ended) return FALSE;
  reader->ended = 1;
  cinfo->src->next_input_byte = end_marker;
  cinfo->src->bytes_in_buffer = sizeof(end_marker);
  return TRUE;
}

static void skip(j_decompress_ptr cinfo, long count) {
  struct jpeg_source_mgr *source = cinfo->src;
  size_t left = count > 0 ? (size_t)count : 0;
  while (left > source->bytes_in_buffer) {
    left -= source->bytes_in_buffer;
    source->next_input_byte += source->bytes_in_buffer;
    source->bytes_in_buffer = 0;
    if (!more(cinfo)) return;
  }
  source->next_input_byte += left;
  source->bytes_in_buffer -= left;
}

/* A progressive file may have any number of scans, and each costs a pass over the whole image. */
static void count_scans(j_common_ptr cinfo) {
  struct reader *reader = reader_of(cinfo);
  if (cinfo->is_decompressor && ((j_decompress_ptr)cinfo)->input_scan_number > (int)reader->request->max_scans) {
    longjmp(reader->exit, TOO_MANY_SCANS);
  }
}

/* Reads rows until `request` has its own. */
static int read_rows(j_decompress_ptr cinfo, struct autoaugment_jpeg *request) {
  unsigned scaled_width = cinfo->output_width;
  /* Columns beside the cut, in the row that libjpeg writes. */
  JDIMENSION first = 0;
  /* Upsampling looks at neighbors, so that rows and columns beside the cut are decoded too. */
  unsigned margin = 2 * (unsigned)(cinfo->max_h_samp_factor * DCTSIZE);
  int whole_rows = request->left == 0 && request->width == scaled_width;
  if (!whole_rows && request->scale == 1) {
    JDIMENSION start = request->left > margin ? request->left - margin : 0;
    JDIMENSION end = request->left + request->width;
    end = scaled_width - end > margin ? end + margin : scaled_width;
    JDIMENSION width = end - start;
    if (width < scaled_width) {
      jpeg_crop_scanline(cinfo, &start, &width);
      first = start;
    }
  }
  if (request->top > margin && request->scale == 1) {
    JDIMENSION above = request->top - margin;
    while (above > 0) {
      JDIMENSION skipped = jpeg_skip_scanlines(cinfo, above);
      if (skipped == 0) return TRUNCATED;
      above -= skipped;
    }
  }
  while (request->rows_done < request->height) {
    unsigned y = cinfo->output_scanline;
    unsigned char *to = request->out + request->stride * request->rows_done;
    JSAMPROW row = (whole_rows && request->channels != 4 && y >= request->top) ? to : request->row;
    if (jpeg_read_scanlines(cinfo, &row, 1) != 1) return TRUNCATED;
    if (y < request->top) continue;
    if (row != to) {
      const unsigned char *from = request->row + (size_t)(request->left - first) * request->channels;
      if (request->channels != 4) {
        memcpy(to, from, (size_t)request->width * request->channels);
      } else {
        /* Inverted CMYK, as Adobe writes it, by Pillow's formula. */
        for (unsigned x = 0; x < request->width; x++, from += 4, to += 3) {
          for (unsigned c = 0; c < 3; c++) {
            unsigned product = (255u - from[c]) * from[3] + 128u;
            to[c] = (unsigned char)(from[3] - (((product >> 8) + product) >> 8));
          }
        }
      }
    }
    request->rows_done++;
  }
  return DONE;
}

static int decode(j_decompress_ptr cinfo, struct autoaugment_jpeg *request) {
  int found;
  do {
    found = jpeg_read_header(cinfo, FALSE);
  } while (found == JPEG_HEADER_TABLES_ONLY);
  if (found == JPEG_SUSPENDED) return TRUNCATED;
  if (cinfo->image_width != request->header_width || cinfo->image_height != request->header_height) return OTHER_SIZE;
  if ((unsigned)cinfo->num_components != request->channels) return OTHER_COLORS;
  cinfo->out_color_space = request->channels == 1 ? JCS_GRAYSCALE : request->channels == 3 ? JCS_RGB : JCS_CMYK;
  cinfo->dct_method = JDCT_ISLOW;
  cinfo->do_fancy_upsampling = TRUE;
  cinfo->scale_num = 1;
  cinfo->scale_denom = request->scale;
  if (!jpeg_start_decompress(cinfo)) return TRUNCATED;
  if (request->left + request->width > cinfo->output_width || request->top + request->height > cinfo->output_height) {
    return OTHER_SIZE;
  }
  int result = read_rows(cinfo, request);
  if (result != DONE || cinfo->output_scanline < cinfo->output_height) return result;
  /* Damage after the last row is an error in Pillow too; a missing end is not. Newer versions of libjpeg-turbo refuse a
   * second frame header before they miss its contents. */
  if (jpeg_finish_decompress(cinfo)) return DONE;
  switch (cinfo->unread_marker) {
    case 0xC0: case 0xC1: case 0xC2: case 0xC3: case 0xC9: case 0xCA: case 0xCB: return TWO_FRAMES;
    default: return DONE;
  }
}

int autoaugment_jpeg_decode(struct autoaugment_jpeg *request) {
  struct jpeg_decompress_struct cinfo;
  struct reader reader;
  memset(&cinfo, 0, sizeof(cinfo));
  memset(&reader, 0, sizeof(reader));
  reader.request = request;
  cinfo.err = jpeg_std_error(&reader.error);
  reader.error.error_exit = fail;
  reader.error.output_message = say_nothing;
  cinfo.client_data = &reader;
  request->rows_done = 0;
  request->message[0] = 0;
  /* `cinfo` and `reader` are changed only through pointers that libjpeg holds, so the jump leaves them as they are. */
  int result = setjmp(reader.exit);
  if (result == 0) {
    jpeg_create_decompress(&cinfo);
    cinfo.mem->max_memory_to_use = request->max_memory;
    reader.progress.progress_monitor = count_scans;
    cinfo.progress = &reader.progress;
    reader.source.init_source = do_nothing;
    reader.source.fill_input_buffer = more;
    reader.source.skip_input_data = skip;
    reader.source.resync_to_restart = jpeg_resync_to_restart;
    reader.source.term_source = do_nothing;
    reader.source.next_input_byte = request->bytes;
    reader.source.bytes_in_buffer = request->length;
    cinfo.src = &reader.source;
    result = decode(&cinfo, request);
  }
  request->warnings = reader.error.num_warnings;
  jpeg_destroy_decompress(&cinfo);
  return result;
}

/* Whether libjpeg was built with its vector code. */
int autoaugment_jpeg_simd(void) {
#ifdef WITH_SIMD
  return 1;
#else
  return 0;
#endif
}
